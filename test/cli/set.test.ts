import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { writeDataset } from "../../runtime/data/synth/index.ts";
import { runHere } from "./medctc.ts";

const spec = "test/train/tiny.vlm";
const folder = mkdtempSync(join(tmpdir(), "medctc-set-"));
const data = join(folder, "ct");
const output = join(folder, "out");
writeDataset(data, { pairs: 2, valid: 1, seed: 1 }, () => undefined);
afterAll(() => rmSync(folder, { recursive: true }));

describe("every command that takes a spec heeds --set:", () => {
  test.each([
    ["check", spec],
    ["compile", spec],
    ["params", spec],
    ["graph", spec, "-o", join(folder, "model.svg")],
    ["explain", spec, "text.attn.q"],
    ["diff", spec, spec],
    ["place", spec, "--budget", "1000"],
    ["run", spec, "forward", "-o", output],
    ["bench", spec],
    ["export", spec, "--safetensors", output],
    ["export", spec, "--onnx", output],
    ["export", spec, "--peft", output],
    ["adapter", "merge", spec, "--weights", "w", "--adapter", "a", "-o", output],
    ["weights", "check", spec, "w"],
    ["train", spec, "--data", data],
    ["eval", spec, "--data", data],
    ["data", "check", data, "--spec", spec],
    ["data", "pack", data, "--spec", spec, "-o", output],
    ["data", "show", join(data, "x.nii.gz"), "--spec", spec, "-o", output],
  ])("%s %s", async (...command) => {
    const { code, out, err } = await runHere([...command, "--set", "model.vision.heads=0.5"]);
    expect(`${out}${err}`).toContain("`heads` of `ctvit` must be a whole number, but is 0.5");
    expect(code).not.toBe(0);
  });
});

test("what is set shows in a summary", async () => {
  const { code, out } = await runHere(["compile", spec, "--set", "model.lora.rank=2", "--set", "train.batch=8"]);
  expect(code).toBe(0);
  expect(out).toContain("lora(rank = 2, alpha = 8, dropout = 0.1) on vision.attn.qkv");
});

test("diff says what an assignment changes", async () => {
  const { code, out } = await runHere(["diff", spec, spec, "--set", "train.lr=2e-2"]);
  expect(code).toBe(1);
  expect(out).toMatch(/lr.*0\.01.*0\.02/s);
});
