import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { bundle } from "../bundle.ts";
import { withoutNotices } from "./notices.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-memory-"));
const script = join(folder, "life.mjs");

/** Runs what life.ts has by that name in a process of its own, and gives its memory in MiB, time after time. */
function memoryOf(what: string): { readonly residentMiB: readonly number[]; readonly tensors: readonly number[] } {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", script, what, folder], {
    encoding: "utf8",
  });
  expect({ status, stderr: withoutNotices(stderr) }).toEqual({ status: 0, stderr: "" });
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  return { residentMiB: rows.map(([mib = Number.NaN]) => mib), tensors: rows.map(([, count = Number.NaN]) => count) };
}

describe.runIf(loadTensorflow().kind === "ready")("a session in TensorFlow", () => {
  beforeAll(() => bundle("test/tensorflow/life.ts", script));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("gives back all that it took, three hundred times", () => {
    const { residentMiB, tensors } = memoryOf("load");
    expect(new Set(tensors)).toEqual(new Set([0]));
    expect(residentMiB).toHaveLength(11);
    // Each session has 512 KiB of variables and a graph: half of them that stay would be 75 MiB and more.
    expect((residentMiB[10] ?? Number.NaN) - (residentMiB[5] ?? 0)).toBeLessThan(30);
  }, 300_000);

  test("trains 200 steps in the memory of the first of them", () => {
    const { residentMiB, tensors } = memoryOf("train");
    expect(new Set(tensors)).toEqual(new Set([0]));
    expect(residentMiB).toHaveLength(11);
    expect((residentMiB[10] ?? Number.NaN) - (residentMiB[2] ?? 0)).toBeLessThan(30);
  }, 300_000);
});
