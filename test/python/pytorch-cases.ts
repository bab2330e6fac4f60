import { readFileSync } from "node:fs";

const small = readFileSync("specs/medct-small.vlm", "utf8");

/** The small spec with other adapters. */
function adapted(...lines: readonly string[]): string {
  const imports = ["dora", "ia3", "bias_only", "bottleneck"].map((name) => `import "std/${name}"\n`).join("");
  return small
    .replace("model medct_small", "model adapted")
    .replace('import "std/lora"\n', `import "std/lora"\n${imports}`)
    .replace("lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v", lines.join("\n  "))
    .replaceAll(/\n {2}expect [^\n]*/g, "");
}

/** CLIP at the sizes of test/fixtures/clip-small, with everything trained. */
export const clipSmall = `
import "std/clip_text"
import "std/contrastive"
import "std/heads"
import "std/vit"

model clip_small {
  encoder vision = vit(size = 32, patch = 8, dim = 48, layers = 2, heads = 4, outputs = 24) named "visual"
  encoder text = clip_text(vocab = 120, dim = 40, layers = 2, heads = 5, length = 12, outputs = 24) named "*"

  let image = vision.latent |> l2_normalize
  let caption = text.latent |> l2_normalize
  param logit_scale: f32[] = constant(log(1 / 0.07))

  loss contrastive(image, caption, scale = exp(logit_scale))
}

train { batch = 3 }
`;

/** Residual networks with two and three axes, every kind of block, pooling, a declared input, and everything trained. */
const resnet = `
import "std/activations"
import "std/batch_norm"
import "std/bce"
import "std/conv"
import "std/cross_entropy"
import "std/linear"
import "std/resnet"
import "std/resnet3d"
import "std/siglip"
import "std/heads"

module flat() {
  part conv1 = conv2d(4, [7, 7], 3, stride = 2, padding = 3, bias = false)
  part bn1 = batch_norm(4)
  part blocks = for width in [6, 4] basic_block(width, if width == 6 then 4 else 6, stride = 2)
  part deep = bottleneck(2, 4, groups = 2, inner = 4)
  part fc = linear(3, 8)

  forward(image: f32[batch, 3, 16, 16]) {
    let stem = rearrange(image, "b c h w -> b h w c") |> conv1 |> bn1 |> silu
    let hidden = max_pool(stem, 3, stride = 2, padding = 1)
    for block in blocks {
      let before = hidden
      hidden = block(before)
    }
    let logits = hidden |> deep |> mean(axis = [1, 2]) |> fc
    return logits
  }
}

module deep() {
  part conv1 = conv3d(4, [3, 3, 3], 1, stride = [1, 2, 2], padding = "same" , bias = false) when false
  part stem = conv3d(4, [3, 3, 3], 1, padding = "same")
  part basic = basic_block3d(6, 4, stride = 2)
  part deep = bottleneck3d(2, 6)

  forward(scan: f32[batch, 1, 4, 6, 6]) {
    let grid: f32[batch, slices, height, width, 1] = rearrange(scan, "b c t h w -> b t h w c")
    let mixed = stem(grid) |> avg_pool(2, stride = 1, padding = 1, count_include_pad = false)
    let features: f32[batch, slices_left, height_left, width_left, channels] = deep(basic(mixed))
    let pooled = max(features, axis = [height_left, width_left]) |> mean(axis = 1)
    return pad(pooled, [[0, 0], [1, 0]])
  }
}

model residual {
  input labels: f32[batch, 3] = table(columns = ["a", "b", "c"])
  input grade: f32[batch, 1] = table(columns = ["grade"])
  let classes = 3
  encoder vision = flat() named "encoder"
  encoder volume = deep()
  let logits = vision.logits
  let stem = vision.stem |> mean(axis = [1, 2]) |> linear(classes)
  let image = volume |> linear(6) |> l2_normalize
  let other = stem |> linear(6, bias = false) |> l2_normalize
  freeze vision.conv1, heads.image.bias
  group vision { lr = 0.1 * lr, weight_decay = 0.2 }
  group volume { frozen_epochs = 1 }
  loss bce(logits, labels) + 0.5 * cross_entropy(logits + stem, cast(abs(3 * reshape(grade, [-1])), i32), smoothing = 0.1)
  loss siglip(image, other, scale = 2, bias = -1)
  metric cosine = mean(sum(image * other, axis = 1))
}

train {
  batch = 2
  optimizer = lion(lr = 0.001, weight_decay = 0.1)
  schedule = linear(warmup_epochs = 1)
  steps = 10
  clip_norm = 1
}

eval {
  image = image
  classes = ["a", "b", "c"]
  tasks = [classify(logits), classify(stem, name = "stem"), probe()]
}
`;

/** What the language has built in, besides what the other specs use. */
const builtins = `
import "std/linear"

module mixing() {
  part embed = linear(6, 8)
  buffer table: f32[5, 3] = ones
  param words: f32[12, 4] = normal(0.1)

  forward(x: f32[batch, 4, 8], ids: i32[batch, 6]) {
    let y: f32[batch, rows, width] = embed(x)
    let first = y[0] + y[-1]
    let even = slice(y, axis = 1, from = 0, to = 4, step = 2)
    let backwards = slice(y, axis = width, step = -2)
    let last = slice(y, axis = 1, from = -1)
    let turned = roll(flip(y, axis = [1, 2]), shift = [1, -2], axis = [1, 2]) |> roll(1, axis = 1)
    let picked = concat([take(y, [0, -1], axis = 1), even, last], axis = 1)
    let one = take(y, 2, axis = width) + take(y, -1, axis = 2)
    let best = take_along(y, argsort(y, axis = 1, descending = true), axis = 1)
    let ordered = sort(turned, axis = 1) * best
    let [large, places] = top_k(y, 2)
    let [tall, at] = top_k(y, 3, axis = 1)
    let weights = one_hot(places, 6) * reshape(large, [2, 4, 2, 1])
    let some = gather(table, ids // 3 + 1) + gather(table, argmax(x, axis = 1, keep = true) |> reshape([2, 8]) |> slice(1, 0, 6))
    let beyond = take(table, ids - 6, axis = 0) + sum(take_along(some, reshape(slice(ids, 1, 0, 3) - 2, [2, 1, 3]), axis = 1))
    let signs = where((ids % 4) >= 2 and not (ids == 3) or ids == 0, 1, -1)
    let rest = x % 0.3 + x // 0.25 + x % (abs(x) + 0.5) + 7 % 2.5 + 7.5 // 2
    let halves = einsum("bij,bkj->bik", y, x |> slice(2, 0, 6)) |> cumsum(axis = 1)
    let crossed = einsum("bij,jk,bk->bi", y, eye(6), first |> mean(axis = 0, keep = true) |> take([0, 0], axis = 0))
    let small = resize(y, [3], mode = "linear") |> resize([7, 2], axis = [1, 2])
    let large_grid = resize(y, [9, 5], mode = "linear") |> clip(-0.5, 0.5)
    let noisy = mean(drawn_normals([3, 7], seed = 5) * drawn_normals([7], seed = 6))
    let chosen = drawn_evenly(300, 10_001, seed = 3) % 7 + drawn_evenly(300, 41, seed = 1_099_511_627_779)
    let evenly = mean(cast(chosen, f32) * drawn_normals([300], seed = 2)) / 10
    let drawn = drawn_places([5, 6], 7, seed = 777)
    let spread = scatter_add(take(first, drawn[1], axis = 1) |> transpose([1, 0]), drawn[0] - 2, 3)
    let spoken = gather(words, ids) |> mean(axis = 1)
    let parts = [sum(weights * weights), mean(ordered), mean(picked * picked), mean(one), mean(backwards * 2), mean(tall) + sum(cast(at, f32)) / 10]
    let total = parts[0] + parts[1] + parts[2] + parts[3] + parts[4] + parts[5]
    let all = mean(beyond) + mean(some) + mean(signs * cast(ids, f32)) + mean(rest) + mean(halves) + mean(crossed * crossed) + mean(spread * spread) + noisy + evenly
    let grids = mean(small) + logsumexp(large_grid) - min(y) + log(exp(max(y)) + 1)
    return spoken * (total + all) + grids
  }
}

model built_in {
  encoder mixed = mixing()
  loss mean(mixed * mixed)
}

train {
  batch = 2
  optimizer = sgd(lr = 0.00001, momentum = 0.9, nesterov = true)
}
`;

/** Encoders that take what others compute, ranks by layer, lets of the file, a metric, and names behind an import. */
const composed = `
import "std/linear" as dense
import "std/vit" as v
import "std/lora"
import "std/activations"
import "std/dropout" as random

let width = 8
let scales = [0.5, 2]

function scaled(x, by = scales[0]) {
  return x * by + scales[1]
}

module linear(size: int) {
  part inner = dense.linear(size, size)
  forward(x: f32[..., size]) {
    let drop = inner(x) |> scaled
    return random.drop(drop, 0.0)
  }
}

module stack(layers: int) {
  part layers = for i in 0..layers linear(width)
  forward(x: f32[batch, n, 8], shift: f32[batch, 8], factor = 1) {
    let h = x * factor
    for layer in layers { h = silu(layer(h)) }
    return mean(h, axis = 1) + shift
  }
}

model composed {
  input other: f32[batch, 8] = table(columns = ["a", "b", "c", "d", "e", "f", "g", "h"])
  encoder vision = v.vit(size = 16, patch = 8, dim = width, layers = 1, heads = 2, outputs = 8)
  let grid = reshape(vision, [-1, 1, width])
  encoder upper = stack(3, x = grid, shift = other |> tanh, factor = 2)
  encoder second = stack(2, x = grid + 1, shift = upper)
  let logits = second |> dense.linear(3)
  freeze upper, vision
  lora(rank = i => 1 + i, alpha = 4) on upper.layers.inner
  metric level = mean(logits)
  loss mean(logits * logits)
}

train {
  batch = 2
  optimizer = adafactor(lr = 0.02)
  ema = 0.9
}
`;

/** Modules and losses of the library that the other specs do not use. */
const library = `
import "std/attention_pool"
import "std/distillation"
import "std/focal"
import "std/grouped_attention"
import "std/heads"
import "std/layer_scale"
import "std/linear"
import "std/matrix"
import "std/rms_norm"
import "std/rotary"
import "std/supcon"
import "std/swiglu"
import "std/window_attention"

module grids() {
  part window = window_attention(size = [1, 4, 3], window = [2, 2, 2], shift = [0, 1, 1], dim = 8, heads = 2)
  part norm = rms_norm(8)
  part attention = grouped_attention(dim = 8, heads = 4, groups = 2)
  part scale = layer_scale(8)
  part ff = swiglu(8, 12)
  part pool = attention_pool(tokens = 12, dim = 8, heads = 2)
  part map = map_pool(dim = 8, heads = 2)

  forward(scan: f32[batch, 1, 4, 3, 8]) {
    let mixed = scan + window(scan)
    let rows = rearrange(mixed, "b t h w d -> b (t h w) d")
    let turned = rows + attention(norm(rows), angles = rotary_angles(12, 2)) |> scale
    let h = turned + ff(norm(turned))
    return pool(h) + map(h)
  }
}

model library {
  input labels: f32[batch, 3] = table(columns = ["a", "b", "c"])
  encoder scan = grids()
  let logits = scan |> linear(3)
  let unit = l2_normalize(scan)
  let white = matmul(unit, inverse_sqrt(matmul(unit, unit, transpose_a = true) + eye(8)))
  loss focal(logits, where(labels > 0, ones([2, 3]), zeros([2, 3])))
  loss 0.1 * supcon(unit, iota(2) // 2) + distillation(logits, stop_gradient(logits) * 2 + labels, 2)
  loss mean(white * white)
}

train {
  batch = 2
  optimizer = sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.1)
}
`;

/** Models whose packages are held to the evaluator. */
export const cases: Readonly<Record<string, string>> = {
  adapters: adapted(
    "dora(rank = 3, alpha = 6) on vision.attn.qkv",
    "lora(rank = 2, rank_stabilised = true) on text.attn.qkv, heads.*",
    "also_line",
    "ia3(on_inputs = true) on vision.ff.down",
    "bias_only() on vision.attn.o",
  ).replace("\n  also_line", "\n  bottleneck(size = 3) also on text.attn.v"),
  residual: resnet,
  builtins,
  composed,
  library,
};
