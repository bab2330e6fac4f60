import { readdirSync, readFileSync } from "node:fs";
import { createSource, parse } from "../../grammar/index.ts";

/** The adapters of the library, by the files that declare them. */
export const libraryAdapters: ReadonlyMap<string, string> = new Map(
  readdirSync("specs/std").flatMap((file) => {
    const path = `specs/std/${file}`;
    const { items } = parse(createSource(path, readFileSync(path, "utf8"))).file;
    const library = `std/${file.replace(/\.vlm$/, "")}`;
    return items.flatMap((item) => (item.kind === "adapter" ? [[item.name.text, library] as const] : []));
  }),
);

interface Case {
  /** Placements and other rules of the model, in their order. */
  readonly rules: readonly string[];
  /** What the loss has besides that of the latents. */
  readonly losses?: readonly string[];
  /** Encoders besides the model's two, by the files of the library that declare them. */
  readonly encoders?: Readonly<Record<string, string>>;
}

/** Every adapter of the library on what it wraps, with arguments that reach each branch of it. */
export const adapterRules: Readonly<Record<string, Case>> = {
  adalora: {
    rules: [
      "adalora(rank = 3, alpha = 5, initial = 4) on text.attn.q",
      "adalora(rank = 0, alpha = 1, initial = 2) on text.attn.k",
      "adalora(rank = i => 2 - i, alpha = 2, initial = 2) on text.attn.v",
    ],
    losses: ["0.5 * orthogonality(adalora.placed)"],
  },
  adalora_conv: {
    rules: ["adalora(rank = 2, initial = 3) on text.attn.q", "adalora_conv(rank = 2, alpha = 3) on vision.plane"],
    losses: ["0.5 * orthogonality(adalora.placed)"],
  },
  adaption_prompt: {
    encoders: {
      "std/llama":
        "encoder writer = llama(vocab = 12, dim = 8, layers = 2, heads = 4, groups = 2, ff = 16, length = 6)",
      "std/qwen3":
        "encoder reader = qwen3(vocab = 12, dim = 8, layers = 1, heads = 4, groups = 2, ff = 16, length = 6)",
    },
    rules: ["freeze writer, reader", "adaption_prompt(tokens = 3) on writer.attention, reader.attention"],
    losses: ["mean(writer.normed * writer.normed * writer.normed)", "mean(reader.normed * reader.normed)"],
  },
  beft: { rules: ["beft() on text.attn.v, text.attn.o"] },
  bias_only: { rules: ["bias_only() on text.attn.v, text.attn.o"] },
  boft: { rules: ["boft(block = 4) on text.attn.q", "boft(block = 2, factors = 2) on text.attn.v"] },
  bottleneck: { rules: ["bottleneck(size = 3) on text.attn.o, text.ff.down"] },
  c3a: {
    rules: ["c3a(block = 4) on text.attn.qkv", 'c3a(block = 2, start = "xavier_uniform") on text.ff.down'],
  },
  cartridge: { rules: ["cartridge(tokens = 3) on text"] },
  cartridge_qwen3: {
    encoders: {
      "std/qwen3":
        "encoder reader = qwen3(vocab = 12, dim = 8, layers = 2, heads = 4, groups = 2, ff = 16, length = 6)",
    },
    rules: ["freeze reader", "cartridge(tokens = 3, frozen = 0) on reader"],
    losses: ["mean(reader.normed * reader.normed * reader.normed)"],
  },
  deft: {
    rules: [
      "deft(rank = 2, alpha = 3) on text.attn.q",
      'deft(rank = 9, decomposition = "qr") on text.attn.v',
      'deft(rank = 2, decomposition = "qr", para = true) on text.attn.k',
    ],
  },
  delora: { rules: ["delora(rank = 2, length = 3) on text.attn.qkv"] },
  dora: { rules: ["dora(rank = 2, alpha = 3, rank_stabilised = true) on text.attn.qkv"] },
  dora_conv: { rules: ["dora_conv(rank = 2, alpha = 3) on vision.line, vision.plane, vision.space"] },
  dora_embedding: { rules: ["dora_embedding(rank = 2, alpha = 3) on text.embeddings.words"] },
  dora_transposed: {
    rules: ['dora_transposed(rank = 2, alpha = 3, start = "orthogonal") on vision.turned'],
  },
  fourierft: {
    rules: [
      "fourierft(count = 9, scaling = 5) on text.attn.v",
      'fourierft(count = 20, seed = 3, start = "normal") on text.ff.up',
    ],
  },
  glora: {
    rules: [
      "glora(rank = 2) on text.attn.q",
      'glora(rank = 2, weight = "vector", input = "vector", bias = "vector") on text.attn.o',
      'glora(rank = 2, weight = "constant", input = "none", bias = "none") on text.attn.v',
      'glora(rank = 1, weight = "none", bias = "none") on text.ff.down',
    ],
  },
  gralora: {
    rules: ["gralora(rank = 2) on text.attn.q", "gralora(rank = 2, blocks = 2, alpha = 3, hybrid = 1) on text.attn.v"],
  },
  hira: { rules: ["hira(rank = 2) on text.attn.qkv"] },
  hra: { rules: ["hra(rank = 2) on text.attn.q, text.ff.down", "hra(rank = 4) on text.attn.v"] },
  ia3: { rules: ["ia3() on text.attn.k,v", "ia3(on_inputs = true) on text.ff.down"] },
  ia3_conv: { rules: ["ia3_conv() on vision.plane", "ia3_conv(on_inputs = true) on vision.space"] },
  ln_tuning: { rules: ["ln_tuning() on text.layers.norm"] },
  loha: { rules: ["loha(rank = 2, alpha = 3) on text.attn.qkv"] },
  loha_conv: { rules: ["loha_conv(rank = 2, alpha = 3) on vision.line, vision.plane"] },
  lokr: {
    rules: [
      "lokr(rank = 1, alpha = 3) on text.attn.q",
      "lokr(rank = 1, decompose_both = true, decompose_factor = 4) on text.attn.v",
      "lokr(rank = 9) on text.attn.k",
    ],
  },
  lokr_conv: {
    rules: [
      "lokr_conv(rank = 2, alpha = 3) on vision.line",
      "lokr_conv(rank = 1, decompose_both = true, decompose_factor = 2) on vision.plane",
    ],
  },
  lora: {
    rules: [
      'lora(rank = 2, alpha = 3, start = "orthogonal") on text.attn.q',
      'lora(rank = 2, start = "gaussian", rank_stabilised = true) also on text.attn.q',
      "lora(rank = i => 1 + i) on text.attn.v",
      "lora(rank = 1) on vision.image_latent",
    ],
  },
  lora_conv: { rules: ["lora_conv(rank = 2, alpha = 3) on vision.line, vision.plane, vision.space"] },
  lora_embedding: { rules: ["lora_embedding(rank = 2, alpha = 3) on text.embeddings.words"] },
  lora_experts: {
    rules: [
      "param wide: f32[3, 8, 8] = normal(0.3)",
      "param tall: f32[2, 8, 8] = normal(0.3)",
      "freeze wide, tall",
      "lora_parameter(rank = 2, alpha = 3, transposed = true) on wide",
      "lora_parameter(rank = 1, rank_stabilised = true) on tall",
    ],
    losses: ['mean(pow(einsum("bd,edf->bf", report, wide), 2))', 'mean(pow(einsum("bd,efd->bf", report, tall), 3))'],
  },
  lora_fa: {
    rules: ["lora_fa(rank = 2, alpha = 3) on text.attn.q", 'lora_fa(rank = 2, start = "orthogonal") on text.attn.v'],
  },
  lora_transposed: {
    rules: ['lora_transposed(rank = 2, alpha = 3, start = "orthogonal") on vision.turned'],
  },
  lora_parameter: {
    rules: [
      "freeze vision.turned",
      "lora_parameter(rank = i => 1 + i, alpha = 3) on text.attn.q.weight",
      "lora_parameter(rank = 2) on text.embeddings.words.weight, text.embeddings.places.weight",
      "lora_parameter(rank = 1, alpha = 3) also on text.embeddings.words.weight",
      "lora(rank = 1) on text.attn.v, vision.turned",
      'lora_parameter(rank = 2, start = "gaussian") on text.attn.v.weight, vision.turned.weight',
      "prefix(tokens = 2) on text",
    ],
  },
  loralib: { rules: ["loralib(rank = 2, alpha = 3) on text.attn.qkv"] },
  mica: { rules: ["mica(rank = 2, alpha = 3) on text.attn.qkv"] },
  miss: { rules: ["miss(rank = 4) on text.attn.q", "miss(rank = 3) on text.attn.v, text.ff.down"] },
  multitask_prompt: { rules: ["multitask_prompt(tokens = 2, tasks = 3, rank = 2, task = 1) on text.embeddings"] },
  oft: {
    rules: [
      "oft(block = 4) on text.attn.q",
      "oft(block = 2, neumann = false) on text.attn.k",
      "oft(block = 4, terms = 6, share = true) on text.attn.v",
    ],
  },
  olora: { rules: ["olora(rank = 2, alpha = 3) on text.attn.qkv"] },
  p_tuning: { rules: ["p_tuning(tokens = 2) on text.embeddings"] },
  peanut: {
    rules: [
      "peanut(rank = 2) on text.attn.q",
      'peanut(rank = 2, depth = 2, activation = "gelu", scale = 0.5) on text.attn.v',
      'peanut(rank = 2, depth = 1, activation = "tanh") on text.ff.down',
      'peanut(rank = 2, activation = "leaky_relu") on text.attn.k',
      'peanut(rank = 2, activation = "quick_gelu") on text.attn.o',
      'peanut(rank = 2, activation = "gelu_new") on text.ff.up',
    ],
  },
  osf: { rules: ["osf(kept = 3) on text.attn.q, text.ff.up", "osf(kept = 5) on text.ff.down"] },
  pissa: { rules: ["pissa(rank = 2, alpha = 3) on text.attn.qkv"] },
  prefix: { rules: ["prefix(tokens = 3) on text"] },
  prefix_clip: {
    encoders: {
      "std/clip_text":
        'encoder captions = clip_text(vocab = 12, dim = 8, layers = 2, heads = 2, length = 6, outputs = 4) named "*"',
      "std/siglip_text": "encoder titles = siglip_text(vocab = 12, dim = 8, layers = 1, heads = 2, length = 6)",
    },
    rules: [
      "freeze captions, titles",
      "prefix(tokens = 3) on captions",
      'prefix(tokens = 2, start = "zero") on titles',
    ],
    losses: ["mean(captions.latent * captions.latent)", "mean(titles.latent * titles.latent)"],
  },
  prefix_qwen3: {
    encoders: {
      "std/qwen3":
        "encoder reader = qwen3(vocab = 12, dim = 8, layers = 2, heads = 4, groups = 2, ff = 16, length = 6)",
    },
    rules: ["freeze reader", "prefix(tokens = 3) on reader"],
    losses: ["mean(reader.normed * reader.normed * reader.normed)"],
  },
  poly: {
    rules: [
      "poly(rank = 2) on text.attn.q,v",
      "poly(rank = 3, tasks = 3, skills = 2, splits = 4, task = 2) on text.ff.up, text.ff.down",
    ],
  },
  prompt: { rules: ["prompt(tokens = 2) on text.embeddings"] },
  pvera: {
    rules: ["pvera(rank = 2) on text.attn.q,v", "pvera(rank = 3, d_initial = 0.2) on text.attn.k, text.ff.up"],
  },
  randlora: {
    rules: ["randlora(rank = 3, alpha = 5) on text.attn.q,v", "randlora(rank = 2) on text.ff.up, text.ff.down"],
  },
  road: {
    rules: [
      "road(group = 4) on text.attn.q",
      'road(group = 4, variant = "road_2") on text.attn.k',
      'road(group = 2, variant = "road_4") on text.attn.v, text.ff.down',
    ],
  },
  shira: { rules: ["shira(rank = 1) on text.attn.v", "shira(rank = 2, seed = 5) on text.ff.down"] },
  supertuning: {
    rules: [
      "supertuning(sparsity = 0.9) on text.attn.v",
      "supertuning(sparsity = 0.8, largest = false) on text.ff.down",
    ],
  },
  supra: { rules: ["supra(rank = 2, alpha = 3, sparsity = 0.9) on text.attn.v, text.ff.down"] },
  tinylora: {
    rules: [
      "tinylora(rank = 2, length = 3, tying = 0.4) on text.attn.q,v",
      "tinylora(rank = 9, length = 3, tying = 0.4) on text.ff.up",
    ],
  },
  trainable_tokens: { rules: ["trainable_tokens(tokens = [3, 0, 7]) on text.embeddings.words"] },
  unilora: {
    rules: ["unilora(rank = 2, length = 30) on text.attn.q,v", "unilora(rank = 2, length = 30) on text.ff.up"],
  },
  vblora: {
    rules: [
      "vblora(rank = 2, vectors = 6, length = 4) on text.attn.q,v",
      "vblora(rank = 1, vectors = 6, length = 4, best = 3) on text.ff.down",
    ],
  },
  vera: {
    rules: ["vera(rank = 2) on text.attn.q,v", "vera(rank = 3, d_initial = 0.2) on text.attn.k, text.ff.up"],
  },
  waveft: {
    rules: [
      "waveft(count = 9, scaling = 3) on text.attn.o",
      'waveft(count = 20, scaling = 3, wavelet = "coif1", seed = 3) on text.attn.v',
      "waveft(count = 20, scaling = 3, transform = false) on text.ff.down",
    ],
  },
};

const modules = `
module scans() {
  part line = conv1d(6, [3], 4, padding = 1)
  part plane = conv2d(6, [3, 3], 4, stride = 2, padding = 1, dilation = 1)
  part space = conv3d(6, [1, 3, 3], 4, padding = [0, 1, 1])
  part turned = transposed_linear(8, 6)
  part image_latent = linear(8, 8)

  forward(scan: f32[batch, 4, 4, 4]) {
    let lined = mean(line(reshape(scan, [-1, 16, 4])), axis = 1)
    let flat = mean(plane(scan), axis = [1, 2])
    let deep = mean(space(reshape(scan, [-1, 1, 4, 4, 4])), axis = [1, 2, 3])
    return image_latent(turned(lined + flat + deep))
  }
}
`;

/** A model with everything that an adapter of the library wraps, and one of these adapters. */
export function adapterSpec(name: string): string {
  const { rules, losses = [], encoders = {} } = adapterRules[name] ?? { rules: [] };
  const used = [...libraryAdapters].flatMap(([adapter, library]) =>
    [...rules, ...losses].some((rule) => new RegExp(`\\b${adapter}\\b`).test(rule)) ? [library] : [],
  );
  const libraries = new Set([
    "std/bert",
    "std/contrastive",
    "std/conv",
    "std/heads",
    "std/linear",
    "std/transposed_linear",
    ...Object.keys(encoders),
    ...used,
  ]);
  return `${[...libraries].map((each) => `import "${each}"\n`).join("")}${modules}
model of_${name} {
  encoder vision = scans()
  encoder text = bert(vocab = 12, dim = 8, layers = 2, heads = 2, ff = 16, positions = 10, length = 6, pooler = false)
  ${Object.values(encoders).join("\n  ")}
  let image = vision |> l2_normalize
  let report = text.hidden |> cls |> l2_normalize
  freeze vision, text
  ${rules.join("\n  ")}
  loss contrastive(image, report, scale = 2)${losses.map((loss) => `\n  loss ${loss}`).join("")}
}

train {
  batch = 2
  optimizer = sgd(lr = 0.05)
}
`;
}
