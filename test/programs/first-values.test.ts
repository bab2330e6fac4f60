import { expect, test } from "vitest";
import { runProgram } from "../../compiler/index.ts";
import type { InitialValue } from "../../compiler/ir/index.ts";
import type { TensorType } from "../../compiler/ir/types.ts";
import { buildInit, firstValuesOf, type InitialParameter } from "../../compiler/programs/init.ts";
import { createSource } from "../../grammar/index.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };
const initials: readonly InitialValue[] = [
  { kind: "constant", value: 0.1 },
  { kind: "uniform", bound: 0.037 },
  { kind: "normal", standardDeviation: 0.02 },
];
const types: readonly TensorType[] = [
  { dtype: "f32", shape: [] },
  { dtype: "f32", shape: [129, 77] },
  { dtype: "bf16", shape: [40, 3] },
  { dtype: "i32", shape: [5] },
];

test("what is drawn in pieces is what the program `init` gives, bit for bit", () => {
  const parameters: readonly InitialParameter[] = initials.flatMap((initial) =>
    types.map((type) => ({ path: `${initial.kind}.${type.dtype}[${type.shape.length}]`, type, initial, origin })),
  );
  for (const seed of [0, 7, 2 ** 31 - 1]) {
    const given = { inputs: new Map(), parameters: new Map() };
    const init = buildInit(parameters, seed);
    if (typeof init === "string") throw new Error(init);
    const expected = runProgram(init, given, "f32");
    const valuesOf = firstValuesOf(parameters, seed);
    for (const { path } of parameters) {
      const values = [...valuesOf(path)].flatMap((piece) => [...piece]);
      expect(values, path).toEqual([...(expected.get(path)?.data ?? [])]);
    }
  }
});
