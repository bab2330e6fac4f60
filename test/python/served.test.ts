import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { expectedScores, writeExampleModel } from "../serving/example-model.ts";
import { check, pythonWith } from "./environment.ts";

const packages = ["onnx==1.23.0", "onnxruntime==1.32.0", "safetensors"];
const folder = mkdtempSync(join(tmpdir(), "medctc-served-"));

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

test("the example in Python scores as the reference evaluator does, and ONNX Runtime reads and applies .onnx_adapter files", async () => {
  const model = writeExampleModel(folder);
  const scores: Record<string, unknown> = {};
  for (const [name, file] of model.adapters) scores[name] = Object.fromEntries(await expectedScores(file));
  const expected = join(folder, "expected.json");
  writeFileSync(expected, JSON.stringify(scores));
  const python = pythonWith(packages.slice(0, 2).join("-"), packages);
  check(python, "check_served.py", "examples/serving/serve.py", model.folder, model.inputs, expected);
});
