import { expect, test } from "vitest";
import { type AdapterUpdate, foldModel } from "../../compiler/index.ts";
import { adapterUpdates } from "../../runtime/adapters/index.ts";
import { compiledText, smallSpecWith } from "./small-spec.ts";

function updates(placement: string, adapter = ""): readonly AdapterUpdate[] {
  const { spec, plan } = compiledText(smallSpecWith([placement], adapter));
  return adapterUpdates(spec, plan);
}

/** Every different form among some updates, in one line each. */
function formsOf(found: readonly AdapterUpdate[]): readonly string[] {
  const lines = found.map((update) => {
    if (update.kind === "other") return `other: ${update.why}`;
    if (update.kind === "rows") return `rows ${update.tokens.join()}`;
    if (update.kind === "factors") return `factors on ${update.on}`;
    if (update.kind === "declared") return `${update.form.type} by its declaration`;
    if (update.kind === "low-rank-change") {
      const { down, up } = update.first;
      return `change from ${down.checkpoint.split(".").at(-2)} and ${up.checkpoint.split(".").at(-2)} of rank ${update.rank}, times ${update.scale}`;
    }
    if (update.kind === "low-rank-parameter")
      return `parameter of ${update.experts} matrices, rank ${update.rank}, times ${update.scale}`;
    return `${update.hasLengths ? "dora" : "lora"} of rank ${update.rank}, times ${update.scale}, dropout ${update.dropout}`;
  });
  return [...new Set(lines)];
}

/** An adapter on linear projections with LoRA's matrices and another forward pass. */
function adapterWith(forward: string, more = ""): string {
  return `adapter mine(rank: int) wraps base: linear {
  param down: f32[rank, base.inputs] = uniform(1 / sqrt(base.inputs)) named "lora_A.weight"
  param up: f32[base.outputs, rank] = zeros named "lora_B.weight"
  ${more}
  forward(x: f32[..., base.inputs]) {
    let low = matmul(matmul(x, down, transpose_b = true), up, transpose_b = true)
    return ${forward}
  }
}
`;
}

test.each([
  ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v", "lora of rank 4, times 2, dropout 0"],
  ["lora(rank = 4, alpha = 1, dropout = 0.25) on text.ff.up", "lora of rank 4, times 0.25, dropout 0.25"],
  ["lora(rank = 4, rank_stabilised = true, alpha = 5) on text.attn.q", "lora of rank 4, times 2.5, dropout 0"],
  ["dora(rank = 3, alpha = 12) on vision.attn.q, text.attn.q", "dora of rank 3, times 4, dropout 0"],
  ["pissa(rank = 4, alpha = 6) on text.attn.q", "change from pissa_A and pissa_B of rank 4, times 1.5"],
  ["olora(rank = 32) on text.attn.q,v,o", "change from olora_A and olora_B of rank 32, times 1"],
  ["ia3() on vision.attn.kv, text.attn.kv", "factors on outputs"],
  ["ia3(on_inputs = true) on vision.ff.down, text.ff.down", "factors on inputs"],
])("the form of `%s` is found in what it computes: %s", (placement, form) => {
  expect(formsOf(updates(placement))).toEqual([form]);
});

test.each([
  ["base(x) + 3 * low", "lora of rank 2, times 3, dropout 0"],
  ["low * 0.5 + base(x)", "lora of rank 2, times 0.5, dropout 0"],
])("an adapter of one's own that gives %s is LoRA whatever it is called", (forward, form) => {
  expect(formsOf(updates("mine(rank = 2) on text.attn.q", adapterWith(forward)))).toEqual([form]);
});

const whole = "other: what it computes is not in the form of another weight or bias";
const part = "other: its update of the weight is neither scale x B A nor one factor for each output or input";

test.each([
  ["tanh(base(x) + low)", "", whole],
  ["base(tanh(x)) + low", "", whole],
  ["base(x) + gain * low", "param gain: f32[] = ones", part],
  ["base(x) + sum(up * up) * low", "", part],
  ["2 * base(x) + low", "", part],
  ["base(x) + low + shift", "param shift: f32[base.outputs] = zeros", part],
])("an adapter with LoRA's names that gives %s is not taken for LoRA", (forward, more, form) => {
  expect(formsOf(updates("mine(rank = 2) on text.attn.q", adapterWith(forward, more)))).toEqual([form]);
});

test.each([
  ["bottleneck(size = 4) on text.attn.o", whole],
  ["bias_only() on text.attn.q", part],
])("`%s` has no form of PEFT's", (placement, form) => {
  expect(formsOf(updates(placement))).toEqual([form]);
});

test.each([
  ["LORA(r = rank)", "base(x) + 3 * low", "lora of rank 2, times 3, dropout 0"],
  ["LORA(r = rank)", "base(x) + low * low", "other: what it computes is not in the form of another weight or bias"],
  ["IA3()", "base(x) + 3 * low", "other: it computes what LORA does, but its `peft` clause says IA3"],
  ["SOME()", "base(x) + 3 * low", "SOME by its declaration"],
  [
    "LORA(r = rank, lora_alpha = 3 * rank, use_dora = false)",
    "base(x) + 3 * low",
    "lora of rank 2, times 3, dropout 0",
  ],
  [
    "LORA(r = rank, lora_alpha = 3, use_rslora = true)",
    "base(x) + 3 / sqrt(rank) * low",
    "lora of rank 2, times 2.12132034356, dropout 0",
  ],
  ["LORA(r = 2 * rank)", "base(x) + 3 * low", "other: its `peft` clause says `r` 4, but it computes `r` 2"],
  [
    "LORA(r = rank, lora_alpha = rank)",
    "base(x) + 3 * low",
    "other: its `peft` clause says `lora_alpha` 2, but it computes `lora_alpha` 6",
  ],
  [
    "LORA(use_dora = true)",
    "base(x) + 3 * low",
    "other: its `peft` clause says `use_dora` true, but it computes `use_dora` false",
  ],
])("of an adapter that says `peft %s` and gives %s this is found: %s", (clause, forward, form) => {
  expect(formsOf(updates("mine(rank = 2) on text.attn.q", adapterWith(forward, `peft ${clause}`)))).toEqual([form]);
});

test.each([
  ["LORA(r = 2)", "parameter of 1 matrices, rank 2, times 3"],
  ["SOME(r = 2)", "other: it computes what LORA does, but its `peft` clause says SOME"],
])("of an adapter of parameters that says `peft %s` this is found: %s", (clause, form) => {
  const adapter = `adapter mine() wraps base: f32[outputs, inputs] {
  peft ${clause}
  param down: f32[2, inputs] = uniform(1) named "lora_parameter_A"
  param up: f32[outputs, 2] = zeros named "lora_parameter_B"
  forward() {
    return base + 3 * matmul(up, down)
  }
}
`;
  expect(formsOf(updates("mine() on text.attn.q.weight", adapter))).toEqual([form]);
});

test("two adapters on one module have no form of PEFT's", () => {
  const { spec, plan } = compiledText(
    smallSpecWith(["lora(rank = 2) on text.attn.q", "lora(rank = 3) also on text.attn.q"]),
  );
  expect(formsOf(adapterUpdates(spec, plan))).toEqual(["other: several adapters are on one module"]);
});

/** The norms of the text with an adapter that has a scale and a shift of its own, and what became of the norms' parameters. */
function foldedNorms(forward: string, losses = "") {
  const adapter = `import "std/layer_norm"

adapter mine() wraps base: layer_norm {
  param scale: f32[base.dim] = base.weight
  param shift: f32[base.dim] = base.bias

  forward(x: f32[..., base.dim]) {
    return ${forward}
  }
}
`;
  const text = smallSpecWith(["mine() on text.layers.norm"], adapter);
  const { spec, plan } = compiledText(text.replace("  loss contrastive", `${losses}  loss contrastive`));
  const { replaced, left } = foldModel(spec, plan);
  const all = plan.placements.flatMap(({ adapters }) => adapters);
  expect(all.length).toBeGreaterThan(1);
  return { replaced: replaced.size / all.length, left: left.length / all.length };
}

test.each([
  ["standardise(x, base.eps) * scale + shift", 2],
  ["standardise(x, base.eps) * shift + scale", 2],
  ["standardise(x, base.eps) * scale + base.bias", 1],
])("an adapter that gives %s stands in the place of so many parameters of its norm: %d", (forward, parameters) => {
  expect(foldedNorms(forward)).toEqual({ replaced: parameters, left: 0 });
});

test.each([
  "2 * (standardise(x, base.eps) * scale + shift)",
  "standardise(x, 2 * base.eps) * scale + shift",
  "standardise(x, base.eps) * scale + scale",
  "standardise(x, base.eps) * base.bias + shift",
  "base(x) * scale + shift",
  "standardise(x, base.eps) * (scale + shift)",
])("an adapter that gives %s is no norm with other parameters", (forward) => {
  expect(foldedNorms(forward)).toEqual({ replaced: 0, left: 1 });
});

test("parameters that are read besides their module keep their values", () => {
  const loss = "  loss 0.1 * mean(text.layers[0].norm.weight * text.layers[0].norm.weight)\n";
  const { replaced, left } = foldedNorms("standardise(x, base.eps) * scale + shift", loss);
  expect(left).toBeGreaterThan(0);
  expect(replaced / 2 + left).toBe(1);
});

test("a factor in the norm before a projection stays out of the weight that an adapter is folded into", () => {
  const norm = `module scaled_linear(dim: int) {
  param gamma: f32[dim] = ones
  part inner = linear(dim, dim)
  forward(x: f32[..., dim]) {
    return inner(x * gamma) |> second
  }
  part second = linear(dim, dim, bias = false)
}
`;
  const text = smallSpecWith(["lora(rank = 2) on report_more.inner, report_more.second"], norm)
    .replace(
      "  # CT-CLIP's checkpoints contain",
      "  part report_more = scaled_linear(16)\n\n  # CT-CLIP's checkpoints contain",
    )
    .replace("loss contrastive(image, report, scale)", "loss contrastive(image, report_more(report), scale)");
  const { spec, plan } = compiledText(text);
  const { modules, left } = foldModel(spec, plan);
  expect(left).toEqual([]);
  expect([...modules.keys()]).toEqual(["report_more.inner", "report_more.second"]);
  expect(formsOf(adapterUpdates(spec, plan))).toEqual(["lora of rank 2, times 1, dropout 0"]);
});
