import { describe, expect, test } from "vitest";
import {
  buildForward,
  buildValidation,
  compileSpec,
  encodedValidation,
  firstValuesOf,
  inputsOf,
  nameOf,
  optimise,
  runProgram,
  type TensorData,
  type TracedSpec,
  type Validation,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { at } from "../../runtime/at.ts";
import {
  type Batch,
  type Engine,
  inputsInMemory,
  isForTraining,
  programBackends,
  trainStep,
  validateBatch,
} from "../../runtime/backends/index.ts";
import { concatenated } from "../../runtime/backends/step.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { joined } from "../../runtime/weights/index.ts";
import { openForTraining } from "./open-engine.ts";

const ready = programBackends.filter((each) => isForTraining(each) && each.load().kind === "ready");

/** Two losses and a metric that compare rows, with dropout, of which averages are kept. */
const text = `
import "std/contrastive"
import "std/heads"
import "std/linear"
import "std/lora"

model pairs {
  input left: f32[batch, 1, 1, 2, 3] = volume(size = [1, 2, 3])
  input right: f32[batch, 5] = table(columns = ["g", "h", "i", "j", "k"])
  let image = left |> flatten |> linear(4) |> l2_normalize
  let report = right |> linear(4) |> l2_normalize
  lora(rank = 2, alpha = 4, dropout = 0.5) on heads.image
  loss contrastive(image, report, 4.0)
  loss 0.5 * mean(image * report)
  metric spread = mean(max(report, axis = 0))
}

train {
  optimizer = adamw(lr = 1e-2)
  ema = 0.5
}

eval {
  image = image
}
`;
const path = "specs/pairs.vlm";

function specOf(batch: number, microBatch: number): TracedSpec {
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), {
    batch,
    microBatch,
  });
  if (spec === null) throw new Error(JSON.stringify(diagnostics));
  return spec;
}

const files = new Set(["left"]);

function validationOf(spec: TracedSpec, examples: number, isEncoded: boolean): Validation {
  const plain = buildValidation(spec, examples);
  const validation = isEncoded && plain !== null ? encodedValidation(spec, plain, files) : plain;
  if (validation === null) throw new Error("the spec is validated");
  return validation;
}

/** What the reference evaluator makes of so many rows, without dropout. */
function evaluated(
  rows: number,
  inputs: Batch,
  values: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, number> {
  const spec = specOf(rows, rows);
  const program = optimise(buildForward(spec, []), spec);
  const first = firstValuesOf(spec.parameters, spec.settings.seed);
  const parameters = new Map(
    spec.parameters.map(({ path: name, type }): readonly [string, TensorData] => {
      const count = type.shape.reduce((product, size) => product * size, 1);
      return [name, { type, data: values.get(name) ?? joined(first(name), count) }];
    }),
  );
  const given = new Map(
    inputsOf(program).map(({ name, type }): readonly [string, TensorData] => {
      return [name, { type, data: Float32Array.from(inputs.get(name) ?? []) }];
    }),
  );
  const results = runProgram(program, { inputs: given, parameters }, "f64");
  const numberOf = (name: string): number => at(results.get(name)?.data ?? [], 0);
  return new Map(["loss", "spread"].map((name) => [name, numberOf(name)]));
}

function rowsOf(inputs: Batch, from: number, count: number, all: number): Batch {
  return new Map(
    [...inputs].map(([name, values]) => {
      const width = values.length / all;
      return [name, values.subarray(from * width, (from + count) * width)];
    }),
  );
}

/** The rows with what `encode_image` gives in place of what it reads. */
async function withoutFiles(
  inputs: Batch,
  engine: Pick<Engine, "run">,
  { encoded }: Pick<Validation, "encoded">,
  microBatch: number,
): Promise<Batch> {
  const given = new Map([...inputs].filter(([name]) => !files.has(name)));
  const read = [...inputs].filter(([name]) => files.has(name));
  const count = at(read, 0)[1].length / 6;
  // It takes the rows of a micro-batch, of which some may be beyond these.
  const padded = new Map(
    read.map(([name, values]) => [name, concatenated([values, new Float32Array((microBatch - count) * 6)])]),
  );
  const outputs = await engine.run("encode_image", padded);
  for (const [output, name] of encoded ?? []) {
    const values = outputs.get(output) ?? new Float32Array();
    given.set(name, values.subarray(0, (values.length / microBatch) * count));
  }
  return given;
}

describe.each(ready)("on $name", (backend) => {
  const cases: readonly (readonly [string, number, number, number])[] = [
    ["a whole batch at once", 4, 4, 9],
    ["a batch in micro-batches", 4, 2, 9],
    ["fewer examples than a batch, in micro-batches that do not divide them", 4, 2, 3],
    ["fewer examples than a micro-batch", 4, 2, 1],
  ];
  const both = cases.flatMap(([name, ...sizes]) => [
    [name, ...sizes, false] as const,
    [`${name}, of rows that are encoded already`, ...sizes, true] as const,
  ]);

  test.each(both)(
    "the loss of held-out rows is the evaluator's, of the averages and without dropout: %s",
    async (_, batch, microBatch, examples, isEncoded) => {
      const spec = specOf(batch, microBatch);
      const validation = validationOf(spec, examples, isEncoded);
      const { rows } = validation;
      expect(rows).toBe(Math.min(batch, examples));
      const engine = await openForTraining(backend, spec, validation);
      const whole = drawInputs(inputsOf(optimise(buildForward(specOf(4, 4), []), spec)));
      const starting = await engine.read();
      await engine.store(
        new Map(
          [...starting].flatMap(([name, values]) => {
            const average = nameOf({ kind: "slot", slot: "average", parameter: name });
            return starting.has(average) ? [[average, values] as const] : [];
          }),
        ),
      );
      for (const step of [0, 1])
        await trainStep(engine, spec.settings, inputsInMemory(whole, spec.settings, new Set()), step, () => false);
      const learned = await engine.read();
      const averages = new Map(
        [...learned].flatMap(([name]) => {
          const average = learned.get(nameOf({ kind: "slot", slot: "average", parameter: name }));
          return average === undefined ? [] : [[name, average] as const];
        }),
      );
      const given = {
        // Beyond the last row stands the first one again.
        rows: async (from: number, count: number) => {
          const of = Array.from({ length: count }, (__, row) => {
            return rowsOf(whole, from + row < rows ? from + row : 0, 1, 4);
          });
          const inputs = new Map(
            [...whole.keys()].map((name) => [name, concatenated(of.flatMap((part) => part.get(name) ?? []))] as const),
          );
          return isEncoded ? await withoutFiles(inputs, engine, validation, microBatch) : inputs;
        },
        shared: new Map(),
      };
      const found = await validateBatch(engine, validation, given, () => false);
      expect([...(found?.keys() ?? [])]).toEqual(["loss", "loss/contrastive", "loss/loss", "spread"]);
      for (const [name, value] of evaluated(rows, rowsOf(whole, 0, rows, 4), averages))
        expect(Math.abs((found?.get(name) ?? Number.NaN) - value)).toBeLessThan(1e-6);
      // Not of what was trained last.
      const last = evaluated(rows, rowsOf(whole, 0, rows, 4), learned).get("loss") ?? Number.NaN;
      if (rows > 1) expect(Math.abs((found?.get("loss") ?? Number.NaN) - last)).toBeGreaterThan(1e-4);
      expect(await engine.read()).toEqual(learned);
      await engine.dispose();
    },
  );
});
