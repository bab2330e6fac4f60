import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeScores } from "../../runtime/evaluate/index.ts";
import { writeRecord } from "../../runtime/train/index.ts";
import { medctc, prepareProgram, type Run } from "../cli/medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-export-card-"));
const weights = ["--weights", "test/fixtures/ctclip-small/weights.safetensors"];
const run = join(folder, "run");

beforeAll(() => {
  prepareProgram();
  mkdirSync(join(run, "evaluations"), { recursive: true });
  copyFileSync("test/fixtures/ctclip-small/lora.safetensors", join(run, "adapter.safetensors"));
  writeRecord(run, {
    ...{ medctc: "0.1.0", spec: "specs/medct-small.vlm", text: "", backend: "onnx", precision: "f32", seed: 7 },
    ...{
      batch: 3,
      steps: 1200,
      stepsPerEpoch: 400,
      parameters: null,
      times: null,
      startedAt: "2026-01-01T00:00:00.000Z",
    },
    end: { kind: "done", at: "2026-01-01T01:00:00.000Z", problems: [] },
  });
  const scores = [0.9, 0.2, 0.8, 0.4].map((score) => [score]);
  const labels = [true, false, false, true].map((label) => [label]);
  const kept = { classes: ["Pipe | *emphysema*"], names: ["a", "b", "c", "d"], scores, labels };
  writeFileSync(join(run, "evaluations/step-00001200.json"), encodeScores(kept));
});
afterAll(() => rmSync(folder, { recursive: true }));

function exported(...args: readonly string[]): Run {
  return medctc(["export", "specs/medct-small.vlm", ...args]);
}

describe("the card of an export", () => {
  test("has what the run says of its training and its last evaluation, in the same bytes again", () => {
    const peft = join(folder, "peft");
    expect(exported("--peft", peft, "--adapter", run).code).toBe(0);
    const card = readFileSync(join(peft, "README.md"), "utf8");
    expect(card).toContain("- Steps: 1,200, 400 an epoch\n- Batch: 3\n- Examples: at most 1,200\n");
    expect(card).toContain("- Optimizer: adamw, learning rate 0.001\n- Seed: 7\n");
    expect(card).toContain("Last evaluation of the training: 4 examples; intervals from 1,000 resamples of 4 volumes");
    expect(card).toContain("| Pipe \\| \\*emphysema\\* | 2 | 0.750 |");
    expect(card).toContain("## Limits\n\nNot stated.\n");
    expect(card).not.toContain("2026");
    const again = join(folder, "again");
    exported("--peft", again, "--adapter", run);
    expect(readFileSync(join(again, "README.md"), "utf8")).toBe(card);
  });

  test("compares several evaluations, and is beside the file of one model", () => {
    const results = ["--results", "examples/comparison/base", "examples/comparison/adapted"];
    const { code } = exported(
      "--onnx",
      join(folder, "image.onnx"),
      "--program",
      "encode_image",
      ...weights,
      ...results,
    );
    expect(code).toBe(0);
    const card = readFileSync(join(folder, "image.md"), "utf8");
    expect(card).toContain("| AUROC | present | base | adapted | difference | 95 % | p | p (Holm) |");
    expect(card).toContain('onnxruntime.InferenceSession("image.onnx"');
    expect(card).not.toContain('"forward.onnx"');
  });

  test("is beside merged weights too, with the types that they are stored in", () => {
    const merged = join(folder, "merged.safetensors");
    const { code } = medctc(["adapter", "merge", "specs/medct-small.vlm", ...weights, "--adapter", run, "-o", merged]);
    expect(code).toBe(0);
    const card = readFileSync(join(folder, "merged.md"), "utf8");
    expect(card).toContain("with adapters folded in.");
    expect(card).toMatch(/Stored as F32 \(\d+ tensors\)/);
    expect(card).toContain("- Steps: 1,200, 400 an epoch\n");
  });

  test("goes beside a README of somebody else, and says so", () => {
    const peft = join(folder, "mine");
    mkdirSync(peft);
    writeFileSync(join(peft, "README.md"), "# Mine\n");
    const { code, err } = exported("--peft", peft, "--adapter", run);
    expect(code).toBe(0);
    expect(err).toContain("README.md is not a card that medctc wrote, or was edited: the card is ");
    expect(readFileSync(join(peft, "README.md"), "utf8")).toBe("# Mine\n");
  });

  test("is read before anything is written", () => {
    const file = join(folder, "wrong.md");
    writeFileSync(file, "Text.\n");
    const { code, err } = exported("--peft", join(folder, "none"), "--adapter", run, "--card", file);
    expect(code).toBe(1);
    expect(err).toContain("it has no sections\n  help: begin each with a line such as `## Limits`");
    const missing = exported("--peft", join(folder, "none"), "--adapter", run, "--results", join(folder, "absent"));
    expect(missing.err).toContain("absent: it does not exist");
  });
});
