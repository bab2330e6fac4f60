import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { medctc, prepareProgram, type Run } from "../cli/medctc.ts";
import { check, pythonWithPeft } from "./environment.ts";

const fixtures = "test/fixtures/ctclip-small";
const folder = mkdtempSync(join(tmpdir(), "medctc-merged-"));
afterAll(() => rmSync(folder, { recursive: true }));

const adapter = ["--adapter", join(fixtures, "peft_adapter")];

function merged(name: string, file: string, ...more: readonly string[]): Run {
  const output = join(folder, `${name}.merged.safetensors`);
  const weights = join(folder, file);
  const run = medctc(["adapter", "merge", "specs/medct-small.vlm", "--weights", weights, "-o", output, ...more]);
  expect([name, run.code, run.err.match(/^(?:error|warning).*/m)]).toEqual([name, 0, null]);
  return run;
}

test("merged checkpoints load with strict=True in the model that they are of, and have PyTorch's tensors", () => {
  prepareProgram();
  const python = pythonWithPeft();
  check(python, "check_merged.py", "write", fixtures, folder);
  const trainer = merged("trainer", "trainer.pt", "--weights-copy", "model", ...adapter).err;
  expect(trainer).toMatch(/7 tensors of .*trainer\.pt that the spec does not have are copied unchanged: /);
  expect(trainer).toMatch(/left out of the export: \d+ tensors beside the model's \(`ema`: \d+, `optimizer`: \d+\)/);
  expect(trainer).toContain("left out of the export: values that are not tensors (`epoch`, `args`, `optimizer`)");
  expect(trainer).toContain("rounded 13 tensors to f16, the file's type; --dtype f32 keeps 32 bits");
  merged("plain", "plain.pt", ...adapter);
  expect(merged("doubles", "doubles.safetensors", ...adapter).err).toContain(
    "left out of the export: metadata about the old file (`sshs_hash`)",
  );
  merged("sharded", "model.safetensors.index.json", ...adapter);
  merged("wide", "model.safetensors.index.json", "--dtype", "f32", ...adapter);
  expect(merged("peft", "peft.pt", "--adapter-alpha", "8").err).toContain(
    "left out of the export: 1 tensor that PEFT keeps beside trained copies (`base_model.model.to_text_latent.original_module.weight`)",
  );
  check(python, "check_merged.py", "check", fixtures, folder);
});
