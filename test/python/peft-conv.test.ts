import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { adapterOf, fixture, writeCase } from "../parity/peft-conv-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-conv-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("PEFT loads adapters of convolutions that medctc wrote, and medctc's package gives the same", () => {
  prepareProgram();
  const python = pythonWithPeft();
  const folders = ["line-lora", "flat-lora", "flat-dora", "flat-ia3", "deep-merged", "deep-dora"].map((name) => {
    const into = join(folder, name);
    mkdirSync(into);
    const { spec, weights } = writeCase(into, name);
    const change = join(into, "change.safetensors");
    const adapter = adapterOf(into, name);
    const file = adapter.endsWith(".safetensors") ? adapter : join(adapter, "adapter_model.safetensors");
    copyFileSync(file, change);
    const given = ["--weights", weights, "--adapter", adapter];
    for (const args of [
      ["export", spec, "--peft", join(into, "adapter"), ...given],
      ["compile", spec, "--target", "pytorch", "-o", join(into, "package")],
    ])
      expect(medctc(args).code).toBe(0);
    return into;
  });
  check(python, "check_peft_conv.py", resolve(fixture), ...folders);
});
