import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildForward, buildStep, compileSpec, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { modelOf, programBackends, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const path = "test/fixtures/longformer/tensors.safetensors";
const tensors = readSafetensors(path, readFileSync(path));

/** A case of make.py, and its window. */
const cases = { within: 8, edge: 8, beyond: 8, odd: 4, whole: 4 } as const;

function stored(name: string) {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the fixture has ${name}`);
  return { dtype: tensor.dtype, shape: tensor.shape, data: Float32Array.from(elementsOf(tensor)) };
}

const library = new SpecLibrary("specs/std", "m.vlm");

function compiled(length: number, batch: number, window: number) {
  const text = `
import "std/longformer"
model m {
  input probe: f32[batch, ${12 * length}] = table(columns = [${Array.from({ length: 12 * length }, (_, index) => `"${index}"`).join(", ")}])
  encoder text = longformer(
    vocab = 20, dim = 12, layers = 1, heads = 2, ff = 8, positions = 40, length = ${length}, window = ${window}, pooler = false
  ) named "*"
  loss sum(probe * reshape(text.hidden, [-1, ${12 * length}]))
}
train { batch = ${batch} }
`;
  const { plan, spec, diagnostics } = compileSpec(createSource("m.vlm", text), library);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (plan === null || spec === null) throw new Error("the spec compiles");
  return { plan, spec };
}

/** The largest difference, over the largest value, or absolutely where the exact values are zero. */
function difference(found: ArrayLike<number> | undefined, name: string): number {
  const values = stored(name).data;
  expect(found?.length).toBe(values.length);
  const errors = [...values].map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / (name.endsWith(".self.key.bias") ? 1 : Math.max(...values.map(Math.abs)));
}

const ready = programBackends.filter((backend) => backend.load().kind === "ready");

describe.each(ready.map((backend) => [backend.name, backend] as const))("on %s", (_, backend) => {
  test.each(Object.entries(cases))("transformers' Longformer, %s its window", async (name, window) => {
    const [batch = 0, length = 0] = stored(`${name}.ids`).shape;
    const { plan, spec } = compiled(length, batch, window);
    const fed = { input_ids: "ids", attention_mask: "mask", probe: "probe" };
    const inputs = new Map<string, TensorData>([
      ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }],
    ]);
    for (const [input, from] of Object.entries(fed)) {
      const { dtype, shape, data } = stored(`${name}.${from}`);
      const [rows = 0, ...rest] = shape;
      const flat = input === "probe" ? [rows, rest.reduce((product, size) => product * size, 1)] : shape;
      inputs.set(input, { type: { dtype: dtype === "I64" ? "i32" : "f32", shape: flat }, data });
    }
    const step = buildStep(spec);
    if (step === null) throw new Error("the spec has a loss");
    const run = async (program: typeof step) =>
      await runOnce(backend, modelOf(spec, [backend.optimise(program, spec)]), {
        inputs,
        piecesOf: (at) => {
          const parameter = plan.parameters.find((each) => each.path === at);
          return [parameter === undefined ? new Float32Array(0) : stored(`${name}.given.${parameter.checkpoint}`).data];
        },
        state: new Map(),
      });
    const hidden = (await run(buildForward(spec, ["text.hidden"]))).get("text.hidden")?.data;
    expect(difference(hidden, `${name}.hidden`)).toBeLessThan(2e-5);
    const results = await run(step);
    const names = [...tensors.keys()].filter((key) => key.startsWith(`${name}.grad.`));
    expect(names).toHaveLength(plan.parameters.length - 6);
    const far = names.map((key) => {
      const at = plan.parameters.find(({ checkpoint }) => `${name}.grad.${checkpoint}` === key)?.path;
      return [key, difference(results.get(`gradient:${at}`)?.data, key)] as const;
    });
    expect(far.filter(([, error]) => !(error < 1e-4))).toEqual([]);
  });
});

test("what a text costs grows with its length, not with its square", () => {
  const costs = [1024, 2048, 4096].map((length) => {
    const text = `
import "std/longformer"
model m {
  encoder text = longformer(vocab = 20, dim = 12, layers = 1, heads = 2, ff = 8, positions = 4098, length = ${length}, window = 512)
  loss mean(text.hidden)
}
`;
    const { plan } = compileSpec(createSource("m.vlm", text), library);
    return plan?.cost.forwardFlops ?? 0;
  });
  const [short = 0, middle = 0, long = 0] = costs;
  expect(short).toBeGreaterThan(0);
  expect(middle / short).toBeLessThan(2.05);
  expect(long / middle).toBeLessThan(2.05);
});
