import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { check, pythonWithPeft } from "./environment.ts";
import { cases } from "./pytorch-cases.ts";
import { prepare } from "./pytorch-package.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-pytorch-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("packages for PyTorch give the evaluator's values, gradients and steps, on random weights and inputs", () => {
  const packages = Object.entries(cases).map(([name, text]) => prepare(join(folder, name), name, text));
  check(pythonWithPeft(), "check_pytorch.py", ...packages);
});

test("packages for PyTorch round products of matrices, and nothing else, as the evaluator does", () => {
  const text = readFileSync("specs/medct-small.vlm", "utf8");
  const into = prepare(join(folder, "rounded"), "medct-small", text, { precision: "bf16", recompute: "layers" });
  check(pythonWithPeft(), "check_pytorch.py", into);
});

test("packages for PyTorch compute layers again with the same dropout, and are compiled", () => {
  const text = readFileSync("test/golden/pytorch/reader.vlm", "utf8");
  const into = prepare(join(folder, "reader"), "reader", text, { recompute: "layers" });
  check(pythonWithPeft(), "check_pytorch_options.py", into);
});
