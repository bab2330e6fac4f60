import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  buildForward,
  buildStep,
  compileSpec,
  optimise,
  type Program,
  runProgram,
  type TensorData,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, type StoredTensor } from "../../runtime/weights/index.ts";
import { difference, expectedOf, fixture, stages } from "./ctclip-fixture.ts";

const spec = "specs/medct-small.vlm";

const weights = fixture("weights.safetensors");
const lora = fixture("lora.safetensors");
const batch = fixture("batch.safetensors");

const compiled = compileSpec(createSource(spec, readFileSync(spec, "utf8")), new SpecLibrary("specs/std", spec));

interface Compiled {
  readonly plan: NonNullable<typeof compiled.plan>;
  readonly traced: NonNullable<typeof compiled.spec>;
}

function medct(): Compiled {
  expect(compiled.diagnostics).toEqual([]);
  if (compiled.plan === null || compiled.spec === null) throw new Error("the spec compiles");
  return { plan: compiled.plan, traced: compiled.spec };
}

/** Values of the parameters by path, those of adapters from a file or zero. */
function parametersOf(adapters: ReadonlyMap<string, StoredTensor> | null): Map<string, TensorData> {
  const { plan } = medct();
  const all = [...plan.parameters, ...plan.buffers];
  return new Map(
    all.map(({ path, checkpoint, shape }) => {
      const stored = weights.get(checkpoint) ?? adapters?.get(checkpoint);
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from(stored === undefined ? new Float64Array(count) : elementsOf(stored));
      expect([checkpoint, data.length]).toEqual([checkpoint, count]);
      return [path, { type: { dtype: "f32", shape }, data }];
    }),
  );
}

const inputs = new Map<string, TensorData>(
  [...batch].map(([name, stored]) => {
    const dtype = stored.dtype === "I64" ? "i32" : "f32";
    return [name, { type: { dtype, shape: stored.shape }, data: Float32Array.from(elementsOf(stored)) }];
  }),
);

type Run = (name: string) => Float32Array | Float64Array;

function run(program: Program, parameters: ReadonlyMap<string, TensorData>, fed: ReadonlyMap<string, TensorData>): Run {
  const results = runProgram(program, { inputs: fed, parameters }, "f32");
  return (name) => {
    const value = results.get(name);
    if (value === undefined) throw new Error(`the program has ${name}`);
    return value.data;
  };
}

describe("the base model gives what CT-CLIP's own code gives", () => {
  let outputs: Run;
  beforeAll(() => {
    const forward = buildForward(
      medct().traced,
      stages.map(([, name]) => name),
    );
    outputs = run(forward, parametersOf(null), inputs);
  });

  test.each(stages)("%s within 2e-5", (name, value) => {
    expect(difference(outputs(value), name)).toBeLessThan(2e-5);
  });

  test("the quantizer chooses the same entries of the codebook", () => {
    const stored = weights.get("visual_transformer.vq._codebook.embed");
    const quantized = expectedOf("quantized");
    if (stored === undefined) throw new Error("the fixture has a codebook");
    const codebook = elementsOf(stored);
    const width = quantized.shape.at(-1) ?? 0;
    const nearest = (rows: ArrayLike<number>): readonly number[] =>
      Array.from({ length: rows.length / width }, (_, row) => {
        const distances = Array.from({ length: codebook.length / width }, (__, entry) => {
          let distance = 0;
          for (let at = 0; at < width; at++)
            distance += ((rows[row * width + at] ?? 0) - (codebook[entry * width + at] ?? 0)) ** 2;
          return distance;
        });
        return distances.indexOf(Math.min(...distances));
      });
    expect(nearest(outputs("vision.quantized"))).toEqual(nearest(elementsOf(quantized)));
  });

  test("the loss within 1e-5", () => {
    expect(difference(outputs("loss"), "loss_base")).toBeLessThan(1e-5);
  });
});

describe("the training step gives what PyTorch and PEFT give", () => {
  const names = [...lora.keys()];
  const losses: number[] = [];
  const parameters = new Map<string, TensorData>();
  const firstGradients = new Map<string, ArrayLike<number>>();
  const paths = new Map<string, string>();

  beforeAll(() => {
    const { plan, traced } = medct();
    for (const { checkpoint, path } of plan.parameters) paths.set(checkpoint, path);
    for (const [path, value] of parametersOf(lora)) parameters.set(path, value);
    const loss = buildStep(traced);
    if (loss === null) throw new Error("the model has a loss");
    const step = optimise(loss, traced, { last: "apply-optimizer" });
    for (const path of step.updates.keys()) {
      const owner = parameters.get(path.slice(path.indexOf(":") + 1));
      if (owner !== undefined && path.includes(":")) {
        parameters.set(path, { type: owner.type, data: new Float32Array(owner.data.length) });
      }
    }
    for (let index = 0; index < 4; index++) {
      const fed = new Map([
        ...inputs,
        ["step", { type: { dtype: "i32" as const, shape: [] }, data: Float32Array.of(index) }],
      ]);
      const outputs = run(step, parameters, fed);
      losses.push(outputs("loss")[0] ?? Number.NaN);
      if (index === 3) break;
      if (index === 0)
        for (const [name, path] of paths) if (lora.has(name)) firstGradients.set(name, outputs(`gradient:${path}`));
      for (const path of step.updates.keys()) {
        const before = parameters.get(path);
        if (before !== undefined) parameters.set(path, { type: before.type, data: outputs(path) });
      }
    }
  });

  test("losses of three steps and after within 1e-4", () => {
    expect(losses).toHaveLength(4);
    expect(difference(losses, "losses")).toBeLessThan(1e-4);
  });

  test.each(names)("the gradient of %s within 1e-4", (name) => {
    expect(difference(firstGradients.get(name) ?? [], `grad.${name}`)).toBeLessThan(1e-4);
  });

  test.each(names)("%s after three steps within 1e-4", (name) => {
    expect(difference(parameters.get(paths.get(name) ?? "")?.data ?? [], `after3.${name}`)).toBeLessThan(1e-4);
  });
});
