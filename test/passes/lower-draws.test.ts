import { expect, test } from "vitest";
import { removeDropout, sampleDropout } from "../../compiler/passes/lower-draws.ts";
import { count, operationsOf, resultsOf, Small } from "./small-program.ts";

function dropping(rate: number) {
  const small = new Small();
  const x = small.input("x", [40, 50]);
  return small.program({ y: small.add({ op: "dropout", rate }, x), other: small.add({ op: "tanh" }, x) });
}

test("in evaluation dropout is its input, and nothing else changes", () => {
  const program = dropping(0.25);
  const bare = removeDropout(program);
  expect(operationsOf(bare)).toEqual(["tanh"]);
  const results = resultsOf(bare);
  expect(results.get("y")?.data).toEqual(resultsOf(program).get("y")?.data);
});

test("in training elements are 0 as often as the rate says, and the others scaled", () => {
  const program = dropping(0.25);
  const sampled = sampleDropout(program, 3);
  expect(count(sampled, "dropout")).toBe(0);
  const x = resultsOf(program).get("y")?.data ?? [];
  const y = resultsOf(sampled).get("y")?.data ?? [];
  const kept = [...y].filter((value, place) => value !== 0 || x[place] === 0).length;
  expect(kept / 2000).toBeCloseTo(0.75, 1);
  for (const [place, value] of y.entries()) if (value !== 0) expect(value).toBeCloseTo((x[place] ?? Number.NaN) / 0.75);
});

test("each site draws by itself, and another seed draws otherwise", () => {
  const small = new Small();
  const x = small.input("x", [20, 20]);
  const site = () => small.add({ op: "dropout", rate: 0.5 }, x);
  const program = small.program({ one: site(), other: site() });
  const first = resultsOf(sampleDropout(program, 1));
  expect(first.get("one")?.data).not.toEqual(first.get("other")?.data);
  expect(resultsOf(sampleDropout(program, 1)).get("one")?.data).toEqual(first.get("one")?.data);
  expect(resultsOf(sampleDropout(program, 2)).get("one")?.data).not.toEqual(first.get("one")?.data);
});
