import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { check, pythonWithPeft } from "./environment.ts";
import { adapterRules, adapterSpec, libraryAdapters } from "./pytorch-adapters.ts";
import { prepare } from "./pytorch-package.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-pytorch-adapters-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a package for PyTorch has every adapter of the library, with the evaluator's values, gradients, steps and first values", () => {
  expect(Object.keys(adapterRules).sort()).toEqual([...libraryAdapters.keys()].sort());
  const packages = Object.keys(adapterRules).map((name) =>
    prepare(join(folder, name), `of_${name}`, adapterSpec(name)),
  );
  check(pythonWithPeft(), "check_pytorch.py", ...packages);
});
