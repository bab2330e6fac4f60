import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";
import { edit } from "./mutants.ts";

const count = 1500;
const spec = readFileSync("specs/medct-small.vlm", "utf8");

/** The model alone: its settings say little to the compiler. */
const model = spec.slice(0, spec.indexOf("\ntrain {"));

test(`${count} mutants of a spec compile to a plan or to diagnostics, and never to an exception`, () => {
  const random = new Random(1);
  const library = new SpecLibrary("specs/std", "specs/mutant.vlm");
  const failures: string[] = [];
  let plans = 0;
  let slowestMs = 0;
  for (let index = 0; index < count; index++) {
    const text = edit(model, 1 + random.below(2), random);
    const start = performance.now();
    try {
      const { plan, diagnostics } = compileSpec(createSource("specs/mutant.vlm", text), library);
      if (plan !== null) plans++;
      else if (diagnostics.length === 0) failures.push(`no plan and no diagnostic: ${text}`);
    } catch (error) {
      failures.push(`${String(error)}: ${text}`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
  }
  process.stdout.write(`${count} mutants compiled: ${plans} plans, slowest ${slowestMs.toFixed(0)} ms\n`);
  expect(failures).toEqual([]);
  expect(plans).toBeGreaterThan(0);
});
