import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { goodFiles } from "./good-files.ts";
import { runMutants } from "./mutants.ts";

/** `npm run fuzz:weights` runs as many as one asks for. */
test.each([["safetensors"], ["pt"]] as const)("50,000 damaged files (%s) are read, or refused in words", (format) => {
  const outcome = runMutants({ files: goodFiles(format), count: 50_000, seed: 5 });
  expect(outcome.failures.slice(0, 3)).toEqual([]);
  expect(outcome.refused).toBeGreaterThan(10_000);
  expect(outcome.read).toBeGreaterThan(1_000);
  expect(outcome.problems).toBeGreaterThan(20);
  expect(existsSync("pickle-was-run")).toBe(false);
});
