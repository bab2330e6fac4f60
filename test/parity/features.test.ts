import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { at } from "../../compiler/at.ts";
import {
  buildProgram,
  compileSpec,
  elementCount,
  featuresOf,
  optimise,
  type Program,
  runProgram,
  type TensorData,
  type TracedSpec,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";

const path = "specs/medct-small.vlm";
const reference = readFileSync(path, "utf8");
const placement = "vision.attn.qkv, text.attn.q,v";

function specOf(text: string, batch: number, microBatch: number): TracedSpec {
  const source = createSource(path, text.replace(/^ {2}expect .*$/gm, ""));
  const { spec, diagnostics } = compileSpec(source, new SpecLibrary("specs/std", path), { batch, microBatch });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

function stepOf(spec: TracedSpec): Program {
  const step = buildProgram(spec, "step");
  if (step === null) throw new Error("the spec has a loss");
  return step;
}

function draw(programs: readonly Program[]): Map<string, TensorData> {
  const random = new Random(5);
  const values = new Map<string, TensorData>();
  for (const { operation, type } of programs.flatMap(({ graph }) => graph.nodes)) {
    const name = operation.op === "input" ? operation.name : operation.op === "parameter" ? operation.path : null;
    if (name === null || values.has(name)) continue;
    const isState = /^(mean|square):/.test(name);
    const value = (): number => (type.dtype === "i32" ? random.below(2) : isState ? 0 : random.below(2000) / 1000 - 1);
    values.set(name, { type, data: Float64Array.from({ length: elementCount(type) }, value) });
  }
  return values;
}

/** One of four rows of what was drawn for inputs. */
function rowOf(values: ReadonlyMap<string, TensorData>, row: number): Map<string, TensorData> {
  const width = ({ data }: TensorData) => data.length / 4;
  return new Map(
    [...values].map(([name, value]) => {
      const data = value.data.slice(row * width(value), (row + 1) * width(value));
      return [name, { type: { ...value.type, shape: [1, ...value.type.shape.slice(1)] }, data }];
    }),
  );
}

/** What a program gave for one row after the other, as the rows of one value. */
function joined(parts: readonly ReadonlyMap<string, TensorData>[]): Map<string, TensorData> {
  return new Map(
    [...(parts[0] ?? [])].map(([name, { type }]) => {
      const data = Float64Array.from(parts.flatMap((part) => [...(part.get(name)?.data ?? [])]));
      return [name, { type: { ...type, shape: [parts.length * at(type.shape, 0), ...type.shape.slice(1)] }, data }];
    }),
  );
}

const named = (spec: TracedSpec): readonly string[] =>
  [...(featuresOf(spec)?.program.outputs.values() ?? [])].map(({ origin }) => origin.path);

describe("features are the last values before what is trained, where they save enough", () => {
  test.each([
    ["adapters from the first attention on", placement, ["vision.spatial.layers[0]"]],
    ["adapters in the temporal stage alone", "vision.temporal.attn.qkv", ["vision.temporal.layers[0]", ""]],
    ["adapters on the text alone", "text.attn.q,v", [""]],
  ])("%s", (_, selectors, expected) => {
    expect(named(specOf(reference.replace(placement, selectors), 4, 4))).toEqual(expected);
  });

  test("where everything is trained there are none", () => {
    const text = reference.replace(/^ {2}(freeze|lora).*\n/gm, "");
    expect(featuresOf(specOf(text, 4, 4))).toBeNull();
  });
});

describe.each([placement, "vision.temporal.attn.qkv", "text.attn.q,v"])(
  "a step that reads features: %s",
  (selectors) => {
    const text = reference.replace(placement, selectors);
    const whole = specOf(text, 4, 4);

    test("needs no volume, and is the step that computes them", () => {
      const features = featuresOf(whole);
      if (features === null) throw new Error("there are frozen parts");
      const step = optimise(stepOf(whole), whole);
      const given = draw([step]);
      const expected = runProgram(step, { inputs: given, parameters: given }, "f64");
      const computed = optimise(features.program, whole);
      const parts = [0, 1, 2, 3].map((row) =>
        runProgram(computed, { inputs: rowOf(given, row), parameters: given }, "f64"),
      );
      const values = new Map([...given, ...joined(parts)]);
      const reading = optimise(features.readBy(stepOf(whole)), whole);
      expect(reading.graph.nodes.some(({ operation }) => operation.op === "input" && operation.name === "image")).toBe(
        false,
      );
      const found = runProgram(reading, { inputs: values, parameters: values }, "f64");
      expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [name, { data }] of expected) {
        const other = found.get(name)?.data ?? [];
        const error = Math.max(...Array.from(data, (value, place) => Math.abs(value - (other[place] ?? Number.NaN))));
        expect([name, error < 1e-9]).toEqual([name, true]);
      }
    });

    test("its pieces read them too", () => {
      const spec = specOf(text, 4, 2);
      const features = featuresOf(spec);
      for (const name of ["embed", "backpropagate"] as const) {
        const program = buildProgram(spec, name);
        if (program === null || features === null) throw new Error("the spec is cut into pieces");
        const inputs = features
          .readBy(program)
          .graph.nodes.flatMap(({ operation }) => (operation.op === "input" ? [operation.name] : []));
        expect(inputs.filter((input) => input.startsWith("feature:"))).toHaveLength(features.program.outputs.size);
      }
    });
  },
);
