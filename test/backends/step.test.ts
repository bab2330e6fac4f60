import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { compileSpec, inputsOf, optimise, sharedInputs, type TracedSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { at } from "../../runtime/at.ts";
import {
  type Batch,
  type Engine,
  enginePrograms,
  inputsInMemory,
  isForTraining,
  lasting,
  programBackends,
  type StepResult,
  trainStep,
} from "../../runtime/backends/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { openForTraining } from "./open-engine.ts";

const path = "specs/medct-small.vlm";
const batch = 4;
const backends = programBackends.filter((each) => isForTraining(each) && each.load().kind === "ready");
/** Metrics that compare rows: of the latents that the loss compares, and of what it does not read. */
const measured = `
  let cosines = matmul(image, report, transpose_b = true)
  metric right = mean(cast(argmax(cosines, 1) == iota(shape(cosines)[0]), f32))
  metric spread = mean(max(text.hidden, axis = 0))
`;

/** The reference with dropout in its adapters where `dropout` is not 0, trained in pieces of some rows. */
function specOf(microBatch: number, dropout: number): TracedSpec {
  const text = readFileSync(path, "utf8")
    .replace("alpha = 8)", `alpha = 8, dropout = ${dropout})`)
    .replace("  loss ", `${measured}  loss 0.5 * contrastive(report, image)\n  loss `);
  const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), { batch, microBatch });
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

function drawBatch(spec: TracedSpec): Batch {
  const whole = enginePrograms({ ...spec, inMicroBatches: null }, { optimise }, "train")?.find(
    ({ name }) => name === "step",
  );
  return drawInputs(whole === undefined ? [] : inputsOf(whole));
}

async function train(engine: Engine, spec: TracedSpec, from: number, to: number): Promise<readonly StepResult[]> {
  const inputs = inputsInMemory(drawBatch(spec), spec.settings, sharedInputs(spec));
  const results: StepResult[] = [];
  for (let step = from; step < to; step++) {
    const result = await trainStep(engine, spec.settings, inputs, step, () => false);
    if (result !== null) results.push(result);
  }
  return results;
}

function largestDifference(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  let error = 0;
  for (const [name, values] of a) {
    const other = b.get(name);
    for (const [place, value] of values.entries()) {
      error = Math.max(error, Math.abs(value - (other?.[place] ?? Number.NaN)));
    }
  }
  return error;
}

/** The largest difference of what the optimizer keeps of gradients, over the largest of it. */
function meanDifference(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>): number {
  const means = new Map([...a].filter(([name]) => name.startsWith("mean:")));
  const largest = [...means.values()].reduce(
    (most, values) => values.reduce((x, y) => Math.max(x, Math.abs(y)), most),
    0,
  );
  return largestDifference(means, b) / largest;
}

describe.each(backends)("on $name", (backend) => {
  const whole = specOf(batch, 0);
  let expected: readonly StepResult[] = [];
  let first: ReadonlyMap<string, Float32Array> = new Map();
  let state: ReadonlyMap<string, Float32Array> = new Map();
  beforeAll(async () => {
    const engine = await openForTraining(backend, whole);
    const start = await train(engine, whole, 0, 1);
    first = await engine.read();
    expected = [...start, ...(await train(engine, whole, 1, 3))];
    state = lasting(await engine.read());
    await engine.dispose();
  });

  test.each([1, 2])("pieces of %i rows train as the whole batch does", async (microBatch) => {
    const spec = specOf(microBatch, 0);
    const engine = await openForTraining(backend, spec);
    const start = await train(engine, spec, 0, 1);
    // Adam's mean is then a tenth of the gradient.
    expect(meanDifference(first, await engine.read())).toBeLessThan(1e-5);
    const found = [...start, ...(await train(engine, spec, 1, 3))];
    expect(found).toHaveLength(3);
    for (const [step, { loss, gradientNorm, learningRate, metrics }] of found.entries()) {
      const {
        loss: wholeLoss,
        gradientNorm: wholeNorm,
        learningRate: rate,
        metrics: wholeMetrics,
      } = at(expected, step);
      expect([...metrics.keys()]).toEqual(["loss/contrastive", "loss/contrastive_2", "right", "spread"]);
      for (const [name, value] of wholeMetrics)
        expect(Math.abs((metrics.get(name) ?? Number.NaN) - value)).toBeLessThan(1e-5);
      expect(Math.abs(at([...metrics.values()], 0) + at([...metrics.values()], 1) - loss)).toBeLessThan(1e-5);
      expect(Math.abs(loss - wholeLoss)).toBeLessThan(1e-5);
      expect(Math.abs(gradientNorm - wholeNorm) / wholeNorm).toBeLessThan(1e-4);
      expect(learningRate).toBe(rate);
    }
    const after = lasting(await engine.read());
    expect([...after.keys()].sort()).toEqual([...state.keys()].sort());
    expect(largestDifference(state, after)).toBeLessThan(1e-4);
    await engine.dispose();
  });

  test.each([batch, 2])("what is read and stored goes on bit for bit, with dropout, in pieces of %i", async (rows) => {
    const spec = specOf(rows, 0.2);
    const undisturbed = await openForTraining(backend, spec);
    await train(undisturbed, spec, 0, 2);
    const saved = new Map([...(await undisturbed.read())].map(([name, values]) => [name, values.slice()]));
    const results = await train(undisturbed, spec, 2, 4);
    const end = await undisturbed.read();
    const other = await openForTraining(backend, spec);
    await train(other, spec, 7, 8);
    await other.store(saved);
    expect(await train(other, spec, 2, 4)).toEqual(results);
    expect(await other.read()).toEqual(end);
    await undisturbed.dispose();
    await other.dispose();
  });

  test("a step that is stopped between its pieces changes nothing that is trained", async () => {
    const spec = specOf(2, 0);
    const engine = await openForTraining(backend, spec);
    const before = await engine.read();
    expect(
      await trainStep(
        engine,
        spec.settings,
        inputsInMemory(drawBatch(spec), spec.settings, sharedInputs(spec)),
        0,
        () => true,
      ),
    ).toBeNull();
    expect(await engine.read()).toEqual(before);
    await engine.dispose();
  });
});
