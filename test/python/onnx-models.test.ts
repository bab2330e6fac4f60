import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { medctc } from "../command.ts";
import { check, pythonWith } from "./environment.ts";

const packages = ["onnx==1.23.0", "onnxruntime==1.32.0", "safetensors"];
const spec = "specs/medct-small.vlm";
const batch = "test/fixtures/ctclip-small/batch.safetensors";
const adapter = "test/fixtures/ctclip-small/lora.safetensors";
const weights = ["--weights", "test/fixtures/ctclip-small/weights.safetensors", "--adapter", adapter];
const folder = mkdtempSync(join(tmpdir(), "medctc-onnx-"));
const names = join(folder, "names.json");

const params = v.object({
  parameters: v.array(v.object({ path: v.string(), checkpoint: v.string(), trainable: v.boolean() })),
});

describe("exported programs pass onnx's checker, and ONNX Runtime gives what the reference evaluator gives", () => {
  beforeAll(() => {
    prepareProgram();
    const { parameters } = v.parse(params, JSON.parse(medctc("params", spec, "--json")));
    const trained = parameters.filter(({ trainable }) => trainable);
    writeFileSync(names, JSON.stringify(Object.fromEntries(trained.map(({ path, checkpoint }) => [path, checkpoint]))));
    for (const program of ["forward", "encode_image", "encode_text", "step"]) {
      const given = ["--feeds", batch, "--backend", "evaluator", "-o", expectedOf(program)];
      medctc("run", spec, program, ...weights, ...given);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["merged", ["--merge"], ["forward", "encode_image", "encode_text"]],
    ["for any batch", ["--dynamic-batch"], ["forward", "encode_image", "encode_text"]],
    ["with the training step", [], ["forward", "encode_image", "encode_text", "step"]],
  ])("%s", (name, flags, programs) => {
    const model = join(folder, name);
    medctc("export", spec, "--onnx", model, ...weights, ...flags);
    const python = pythonWith(packages.slice(0, 2).join("-"), packages);
    check(python, "check_onnx.py", model, batch, adapter, names, ...programs.map(expectedOf));
  });
});

function expectedOf(program: string): string {
  return join(folder, `${program}.safetensors`);
}
