import { expect, test } from "vitest";
import { exampleValues, labelGaps, sharedWeights } from "../../runtime/data/row-inputs.ts";

const columns = ["a", "b"];
const labels = { kind: "table", name: "labels", columns } as const;
const known = { kind: "known", name: "known", columns } as const;
const weight = { kind: "balance", name: "weight", columns } as const;
const needs = { files: [], texts: [], labels: columns };
const metadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };
const examples = [
  [true, null],
  [false, true],
  [false, false],
].map((cells) => ({
  name: "",
  file: "",
  files: [],
  metadata,
  texts: [],
  labels: new Map(columns.map((column, place) => [column, cells[place] ?? null])),
}));

test("labels are 0 and 1, and 0 and not known where a cell is missing", () => {
  const rows = exampleValues(examples, { inputs: [labels, known], needs }, null);
  expect(rows.get("labels")).toEqual(Float32Array.of(1, 0, 0, 1, 0, 0));
  expect(rows.get("known")).toEqual(Float32Array.of(1, 0, 1, 1, 1, 1));
});

test("a finding weighs what balances those that have it and those that do not, where that is known", () => {
  const { values, without } = sharedWeights(examples, { inputs: [weight], needs });
  expect(values.get("weight")).toEqual(Float32Array.of(2, 1));
  expect(without).toBe(null);
  expect(sharedWeights(examples.slice(1), { inputs: [weight], needs }).without).toBe("a");
});

test("cells are missing for a model that does not ask which are known", () => {
  expect(labelGaps(examples, { inputs: [labels], needs })).toEqual({ cells: 1, input: "labels", columns });
  expect(labelGaps(examples, { inputs: [labels, known], needs })).toBe(null);
  expect(labelGaps(examples.slice(1), { inputs: [labels], needs })).toBe(null);
});
