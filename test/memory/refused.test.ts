import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-refused-"));
const spec = join(folder, "huge.vlm");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  prepareProgram();
  const small = readFileSync("specs/medct-small.vlm", "utf8");
  // A table of tokens that takes 239 GiB.
  writeFileSync(spec, small.replace("vocab = 200", "vocab = 2_000_000_000").replaceAll(/^ {2}expect .*\n/gm, ""));
});

test("weights that cannot fit into memory are refused before any is made", () => {
  const { code, out, err } = medctc(["bench", spec, "--backend", "onnx"]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(/^error: the weights and ONNX Runtime need 239 GiB, and [\d.]+ [GM]iB are available\n {2}help: /);
});
