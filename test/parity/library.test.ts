import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildStep, compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { modelOf, programBackends, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const path = "test/fixtures/library/tensors.safetensors";
const tensors = readSafetensors(path, readFileSync(path));

/** A module of the library, and what it makes of `x`. */
interface ModuleCase {
  readonly files: readonly string[];
  readonly layer: string;
  readonly output?: string;
}

const causal = "layer(x, angles = rotary_angles(5, 6), bias = causal_bias(5))";
const modules: Readonly<Record<string, ModuleCase>> = {
  rms_norm: { files: ["rms_norm"], layer: "rms_norm(6)" },
  llama: {
    files: ["attention", "grouped_attention", "rotary"],
    layer: "grouped_attention(16, 4, 2, dim_head = 6)",
    output: causal,
  },
  qwen: {
    files: ["attention", "grouped_attention", "rotary"],
    layer: "grouped_attention(8, 4, 2, dim_head = 6, norms = true)",
    output: causal,
  },
  swiglu: { files: ["swiglu"], layer: "swiglu(6, 10)" },
  layer_scale: { files: ["layer_scale"], layer: "layer_scale(6)" },
  attention_pool: { files: ["attention_pool"], layer: "attention_pool(5, 8, 2, outputs = 6)" },
  eva: {
    files: ["eva", "rotary"],
    layer: "eva_block(24, 2, 36, 0.1)",
    output: "layer(x, axial_rotary_angles([2, 2, 3], 12))",
  },
  map_pool: { files: ["attention_pool"], layer: "map_pool(8, 2, inner = 12)" },
  window: { files: ["window_attention"], layer: "window_attention([4, 4, 6], [2, 2, 3], [0, 0, 0], 4, 2)" },
  shifted_window: { files: ["window_attention"], layer: "window_attention([4, 4, 6], [2, 2, 3], [1, 1, 1], 4, 2)" },
  padded_window: { files: ["window_attention"], layer: "window_attention([3, 5, 7], [4, 2, 3], [2, 1, 1], 4, 2)" },
  flat_window: { files: ["window_attention"], layer: "window_attention([4, 4, 6], [4, 2, 3], [2, 1, 1], 4, 2)" },
};

/** Files of the library, and what is computed of all that is given. */
const functions: Readonly<Record<string, readonly [files: readonly string[], loss: string]>> = {
  enable_gqa: [
    ["attention", "grouped_attention"],
    "sum(probe * attend(q, repeat_heads(k, 2), repeat_heads(v, 2), 1 / sqrt(6)))",
  ],
  axial: [["rotary"], "sum(probe * rotary(x, axial_angles([2, 2, 3], 12)))"],
  supcon: [["supcon"], "supcon(features, cast(labels, i32))"],
  focal: [["focal"], "focal(logits, labels)"],
  focal_alike: [["focal"], "focal(logits, labels, alpha = none)"],
  cross_entropy: [["cross_entropy"], "cross_entropy(logits, cast(labels, i32), smoothing = 0.1)"],
  contrastive: [["contrastive"], "contrastive(image, text, scale = 8, smoothing = 0.1)"],
  distillation: [["distillation"], "distillation(student, teacher, temperature = 4)"],
};

/** A softmax does not see what is added to all scores of a row, so that the exact gradient is zero: what is found is rounding. */
const vanishing: ReadonlySet<string> = new Set(["attention_pool.grad.layer.k_proj.bias"]);

function stored(name: string): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the fixture has ${name}`);
  return { shape: tensor.shape, data: Float32Array.from(elementsOf(tensor)) };
}

/** What is given in a case, as parameters of a model with a loss. */
function specOf(name: string): string {
  const module = modules[name];
  const [files, loss] = functions[name] ?? [module?.files ?? [], `sum(probe * ${module?.output ?? "layer(x)"})`];
  const given = [...tensors.keys()].flatMap((key) => {
    const parameter = key.startsWith(`${name}.given.`) ? key.slice(`${name}.given.`.length) : "layer.";
    return parameter.startsWith("layer.") ? [] : [`param ${parameter}: f32[${stored(key).shape.join(", ")}] = zeros`];
  });
  const labels = tensors.get(`${name}.labels`);
  return [
    ...files.map((file) => `import "std/${file}"`),
    "model small {",
    ...given,
    ...(labels === undefined ? [] : [`param labels: f32[${labels.shape.join(", ")}] = zeros`, "freeze labels"]),
    ...(module === undefined ? [] : [`part layer = ${module.layer}`]),
    `loss ${loss}`,
    "}",
  ].join("\n");
}

test("every case of the fixture is tested", () => {
  const cases = new Set([...tensors.keys()].map((key) => key.slice(0, key.indexOf("."))));
  expect([...cases].sort()).toEqual([...Object.keys(modules), ...Object.keys(functions)].sort());
});

const cases = [...Object.keys(modules), ...Object.keys(functions)];
const ready = programBackends.filter((backend) => backend.load().kind === "ready");

describe.each(ready.map((backend) => [backend.name, backend] as const))("on %s", (_, backend) => {
  test.each(cases)(
    "the loss, the output and every gradient of %s are those of its authors' or PyTorch's code within 1e-5",
    async (name) => {
      const { plan, spec, diagnostics } = compileSpec(
        createSource("specs/small.vlm", specOf(name)),
        new SpecLibrary("specs/std", "specs/small.vlm"),
      );
      const wrong = diagnostics.filter(({ key }) => key !== "parameters-without-gradient");
      expect(wrong.map(({ code, message }) => [code, message])).toEqual([]);
      const step = spec === null ? null : buildStep(spec);
      if (plan === null || spec === null || step === null) throw new Error("the spec compiles");
      const given = new Map<string, Float32Array>();
      for (const { path: at, checkpoint, shape } of plan.parameters) {
        const values = stored(checkpoint === "labels" ? `${name}.labels` : `${name}.given.${checkpoint}`);
        expect([checkpoint, values.shape]).toEqual([checkpoint, shape]);
        given.set(at, values.data);
      }
      const results = await runOnce(backend, modelOf(spec, [backend.optimise(step, spec)]), {
        inputs: new Map([["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }]]),
        piecesOf: (at) => [given.get(at) ?? new Float32Array(0)],
        state: new Map(),
      });
      const wanted = [
        ["loss", `${name}.loss`],
        ...plan.parameters
          .filter(({ trainable }) => trainable)
          .map(({ path: at, checkpoint }) => [`gradient:${at}`, `${name}.grad.${checkpoint}`]),
      ];
      const kept = [...tensors.keys()].filter((key) => key.startsWith(`${name}.grad.`));
      expect(wanted.map(([, theirs]) => theirs).sort()).toEqual([`${name}.loss`, ...kept].sort());
      const errors = wanted.map(([ours = "", theirs = ""]) => {
        const expected = stored(theirs).data;
        const found = results.get(ours)?.data ?? new Float32Array(expected.length);
        const largest = Math.max(...expected.map(Math.abs));
        const error = Math.max(...expected.map((value, place) => Math.abs(value - (found[place] ?? Number.NaN))));
        const allowed = vanishing.has(theirs) ? 1e-6 : 1e-5 * largest;
        return [theirs, error <= allowed ? "equal" : `${error} of ${largest}`];
      });
      expect(errors).toEqual(wanted.map(([, theirs]) => [theirs, "equal"]));
    },
  );
});
