import { expect, test } from "vitest";
import { parse } from "../../grammar/parser.ts";
import { createSource } from "../../grammar/source.ts";
import { runMutants } from "./mutants.ts";

const count = 40_000;

test(`${count} mutants of specs give a tree or at most a hundred errors, and never an exception`, {
  timeout: 600_000,
}, () => {
  const report = runMutants({ count, seed: 1 });
  const { slow, slowestMs, valid, mostErrors, failures } = report;
  const slowness = slow.length === 0 ? "none" : `${slow.length}`;
  process.stdout.write(
    `${count} mutants: ${valid} valid, slowest ${slowestMs.toFixed(1)} ms, ${slowness} over 100 ms, at most ${mostErrors} errors\n`,
  );
  expect(failures).toEqual([]);
  expect(valid).toBeGreaterThan(count / 100);
  expect(mostErrors).toBeLessThanOrEqual(100);
});

test.each([
  ["10,000 brackets", `function f(x) { return ${"(".repeat(10_000)} }`],
  ["20,000 loops", `function f(x) { ${"for i in x ".repeat(20_000)} }`],
  ["a conditional of 10,000 branches", `function f(x) { return ${"if x then 1 else ".repeat(10_000)} 2 }`],
  ["10,000 minus signs", `function f(x) { return ${"-".repeat(10_000)}x }`],
  ["100,000 settings without values", `train { ${"a = ".repeat(100_000)} }`],
  ["100,000 equal arguments", `function f(x) { return f(${"a = 1, ".repeat(100_000)}b = 2) }`],
  ["100,000 closing braces", "}".repeat(100_000)],
  ["100,000 open strings", '"\n'.repeat(100_000)],
])("%s give a tree and few errors", (_, text) => {
  const { diagnostics } = parse(createSource("hostile", text));
  expect(diagnostics.length).toBeGreaterThan(0);
  expect(diagnostics.length).toBeLessThanOrEqual(100);
});

test("brackets 200 deep are read, and 201 are refused", () => {
  const nested = (depth: number): string => `function f(x) { return ${"(".repeat(depth)}x${")".repeat(depth)} }`;
  expect(parse(createSource("deep", nested(199))).diagnostics).toEqual([]);
  expect(parse(createSource("deeper", nested(200))).diagnostics.map(({ code }) => code)).toEqual(["E107"]);
});
