import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { medctc } from "../command.ts";
import { check, pythonWith } from "./environment.ts";

const packages = ["onnx==1.23.0", "onnxruntime==1.32.0", "safetensors"];
const fixtures = "test/fixtures/ctclip-small";
const weights = ["--weights", `${fixtures}/weights.safetensors`, "--adapter", `${fixtures}/lora.safetensors`];
const folder = mkdtempSync(join(tmpdir(), "medctc-integers-"));

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

test("weights in 8 bits are those of ONNX Runtime's own quantisation, and no fusion changes what they give", () => {
  const [whole, integers, temporary] = ["whole", "integers", "theirs"].map((name) => join(folder, name));
  if (whole === undefined || integers === undefined || temporary === undefined) throw new Error("three folders");
  mkdirSync(temporary);
  medctc("export", "specs/medct-small.vlm", "--onnx", whole, "--merge", ...weights);
  medctc("export", "specs/medct-small.vlm", "--onnx", integers, "--merge", "--int8", ...weights);
  const python = pythonWith(packages.slice(0, 2).join("-"), packages);
  const programs = ["forward", "encode_image", "encode_text"];
  check(python, "check_integers.py", whole, integers, `${fixtures}/batch.safetensors`, temporary, ...programs);
});
