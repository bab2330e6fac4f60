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

/** CLIP at a small size, with everything else as in its spec. */
const clip = readFileSync("specs/clip-vit-b32.vlm", "utf8")
  .replace(/vit\(size[^)]*\)/, "vit(size = 16, patch = 8, dim = 24, layers = 2, heads = 3, outputs = 12)")
  .replace(/clip_text\([^)]*\)/, "clip_text(vocab = 40, dim = 20, layers = 2, heads = 5, length = 8, outputs = 12)")
  .replaceAll(/\n {2}expect [^\n]*/g, "");

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
  group volume { frozen_steps = 1 }
  loss bce(logits, labels) + 0.5 * cross_entropy(logits + stem, cast(abs(3 * reshape(grade, [-1])), i32), smoothing = 0.1)
  loss siglip(image, other, scale = 2, bias = -1)
}

train {
  batch = 2
  optimizer = sgd(lr = 0.01, momentum = 0.9)
  schedule = linear(warmup = 2)
  steps = 10
  clip_norm = 1
}
`;

/** Specs whose packages are held to the evaluator. */
export const cases: Readonly<Record<string, string>> = {
  "medct-small": small,
  adapters: adapted(
    "dora(rank = 3, alpha = 6) on vision.attn.qkv",
    "lora(rank = 2, rank_stabilised = true) on text.attn.qkv, heads.*",
    "also_line",
    "ia3(on_inputs = true) on vision.ff.down",
    "bias_only() on vision.attn.o",
  ).replace("\n  also_line", "\n  bottleneck(size = 3) also on text.attn.v"),
  clip,
  residual: resnet,
};
