import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { RunFolder, type RunRecord, readRecord, writeRecord } from "../../runtime/train/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-record-"));
afterAll(() => rmSync(folder, { recursive: true }));

const record: Omit<RunRecord, "end"> = {
  ...{ medctc: "0.1.0", spec: "small.vlm", text: "model", backend: "onnx", precision: "f32", seed: 1, batch: 8 },
  ...{ steps: 10, stepsPerEpoch: 5, parameters: { total: 40, trainable: 4 }, startedAt: "2026-01-01T00:00:00.000Z" },
  times: null,
};

test("a run says what it is from its start on, and how it ended", () => {
  const opened = RunFolder.open(join(folder, "run"));
  if (opened.kind !== "open") throw new Error(opened.problem.message);
  const { run } = opened;
  const end = {
    kind: "failed",
    at: "2026-01-02T00:00:00.000Z",
    problems: [{ subject: "a", message: "b", help: null }],
  } as const;
  // Before it begins there is nothing that could end.
  run.end(end);
  expect(readRecord(run.path)).toBe(null);
  run.begin(record);
  expect(readRecord(run.path)).toEqual({ ...record, end: null });
  const times = { starting: 2, steps: 30, waiting: 0.5, evaluating: 4, saving: 0.25 };
  run.spend(times);
  run.end(end);
  expect(readRecord(run.path)).toEqual({ ...record, times, end });
  run.begin({ ...record, steps: 20 });
  expect(readRecord(run.path)).toEqual({ ...record, steps: 20, end: null });
  run.close();
});

test("what is damaged or something else is no record", () => {
  const path = join(folder, "run.json");
  writeRecord(folder, { ...record, end: null });
  const text = readFileSync(path, "utf8");
  for (const wrong of [
    "",
    text.slice(0, 40),
    "[]",
    text.replace('"batch": 8', '"batch": -8'),
    text.replace('"end": null', '"end": 1'),
  ]) {
    writeFileSync(path, wrong);
    expect([wrong, readRecord(folder)]).toEqual([wrong, null]);
  }
  expect(readRecord(join(folder, "missing"))).toBe(null);
});

test("a folder that cannot be written does not end a training", () => {
  expect(() => writeRecord(join(folder, "missing/too"), { ...record, end: null })).not.toThrow();
});
