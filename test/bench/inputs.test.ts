import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildProgram, compileSpec, inputsOf, optimise } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

function inputs(path: string) {
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  const program = spec === null ? null : buildProgram(spec, "step");
  if (spec === null || program === null) throw new Error("the spec compiles");
  return inputsOf(optimise(program, spec));
}

test("inputs of a step are told apart by what their values may be", () => {
  const kinds = inputs("specs/medct-small.vlm").map(({ name, values }) => [name, values]);
  expect(Object.fromEntries(kinds)).toEqual({
    image: { kind: "uniform" },
    input_ids: { kind: "below", limit: 200 },
    attention_mask: { kind: "ones" },
    step: { kind: "step" },
  });
});

test("values are within their bounds, and the same each time", () => {
  const type = { dtype: "i32", shape: [3000, 400] } as const;
  const ids = { name: "ids", type, values: { kind: "below", limit: 5 } } as const;
  const scan = { name: "scan", type: { dtype: "f32", shape: [3] }, values: { kind: "uniform" } } as const;
  const drawn = drawInputs([ids, scan]);
  const numbers = drawn.get("ids") ?? [];
  expect([...new Set(numbers)].sort()).toEqual([0, 1, 2, 3, 4]);
  expect(numbers.length).toBe(1_200_000);
  for (const value of drawn.get("scan") ?? []) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  expect(
    drawInputs([ids, scan])
      .get("ids")
      ?.every((value, place) => value === numbers[place]),
  ).toBe(true);
});
