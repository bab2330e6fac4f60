import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { medctc } from "../command.ts";
import { check, pythonWithPeft } from "./environment.ts";

const fixtures = "test/fixtures/ctclip-small";
const weights = ["--weights", `${fixtures}/weights.safetensors`, "--adapter", `${fixtures}/lora.safetensors`];
const folder = mkdtempSync(join(tmpdir(), "medctc-card-"));

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

test("Hugging Face's reader takes the card of every export, and PEFT the folder", () => {
  const said = join(folder, "said.md");
  const fields = "---\nlicense: apache-2.0\ndatasets:\n  - example/ct\n---\n";
  writeFileSync(said, `${fields}## Intended use\nResearch.\n`);
  const [peft, onnx, file, merged] = ["peft", "onnx", "image.onnx", "merged.safetensors"].map((name) =>
    join(folder, name),
  );
  if (peft === undefined || onnx === undefined || file === undefined || merged === undefined) throw new Error("four");
  const given = [...weights, "--base-model", "example/ct-clip", "--card", said];
  medctc("export", "specs/medct-small.vlm", "--peft", peft, "--onnx", onnx, "--int8", ...given);
  medctc("export", "specs/medct-small.vlm", "--onnx", file, "--program", "encode_image", ...given);
  medctc("export", "specs/medct-small.vlm", "--safetensors", merged, "--merge", ...given);
  const cards = [join(onnx, "README.md"), join(folder, "image.md"), join(folder, "merged.md")];
  for (const card of cards) expect(readFileSync(card, "utf8")).toContain("# medct\\_small\n");
  check(pythonWithPeft(), "check_card.py", fixtures, peft, ...cards);
});
