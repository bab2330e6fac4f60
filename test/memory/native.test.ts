import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inspectNative, nativeFiles } from "../../runtime/backends/tensorflow/native/index.ts";
import { bundle } from "../bundle.ts";
import { withoutNotices } from "../tensorflow/notices.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-memory-"));
const program = join(folder, "run-step.mjs");
const small = readFileSync("specs/medct-small.vlm", "utf8");
const isReady = inspectNative(nativeFiles()).kind === "ready";

/** Of some hundred MiB of activations: more and wider tokens. */
const larger = small
  .replace("volume = [20, 60, 60]", "volume = [40, 320, 320]")
  .replace("inputs = 3 * 3 * 32", "inputs = 16 * 16 * 256")
  .replace("inputs = 32", "inputs = 256")
  .replaceAll(/\bdim = 32/g, "dim = 256")
  .replace("batch = 3", "batch = 6")
  .replaceAll(/^ {2}expect .*\n/gm, "");

const cases: readonly (readonly [name: string, text: string, atLeastBytes: number])[] = [
  ["medct-small", small, 0],
  ["a larger one", larger, 1024 ** 3],
  ["a larger one, layers recomputed", larger.replace("train {", "train {\n  recompute = layers"), 0.75 * 1024 ** 3],
  ["a larger one in bf16", larger.replace('"f32"', '"bf16"'), 1024 ** 3],
];

describe.runIf(isReady)("the expected peak is within 0.7 and 1.4 of what TensorFlow's process takes", () => {
  beforeAll(() => bundle("test/memory/run-step.ts", program));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(cases)("%s", { timeout: 120_000 }, (_, text, atLeastBytes) => {
    const path = join(folder, "spec.vlm");
    writeFileSync(path, text);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, path], { encoding: "utf8" });
    expect({ status, stderr: withoutNotices(stderr) }).toEqual({ status: 0, stderr: "" });
    const [expectedBytes = 0, peakBytes = 0] = stdout.split(" ").map(Number);
    expect(peakBytes).toBeGreaterThan(atLeastBytes);
    expect(expectedBytes / peakBytes).toBeGreaterThan(0.7);
    expect(expectedBytes / peakBytes).toBeLessThan(1.4);
  });
});
