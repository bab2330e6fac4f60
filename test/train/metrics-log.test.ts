import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { machineFiles } from "../../runtime/files/index.ts";
import { MetricsLog } from "../../runtime/train/metrics-log.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-metrics-"));
const path = join(folder, "metrics.jsonl");
beforeEach(() => rmSync(path, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

function open(lastStep: number, files = machineFiles): MetricsLog {
  const opened = MetricsLog.open(path, lastStep, files);
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  return opened.value;
}

test("each record is a line of JSON, with null for what JSON has no number for", () => {
  const log = open(0);
  log.append({ step: 1, epoch: 0, loss: 0.5, gradient_norm: Number.NaN, seconds: 1.25 });
  log.append({ step: 2, epoch: 0, split: "valid", auroc: 0.75 });
  log.close();
  expect(readFileSync(path, "utf8")).toBe(
    '{"step":1,"epoch":0,"loss":0.5,"gradient_norm":null,"seconds":1.25}\n' +
      '{"step":2,"epoch":0,"split":"valid","auroc":0.75}\n',
  );
});

test("a run that goes on drops later steps and what is no whole line, and keeps other lines as they are", () => {
  const kept = '{"step":1,"epoch":0}\n{ "step": 2, "epoch": 0, "note": "\u00e9" }\n';
  const lines = ['{"step":3,"epoch":0}', '{"step":"1"}', "[1]", "null", '{"step":1.5}', "", '{"step":1', "\ufffd"];
  writeFileSync(path, `${kept}${lines.join("\n")}\n{"step":2,"epoch":1}\n{"step":1,"epoch":0}`);
  const log = open(2);
  log.append({ step: 3, epoch: 1 });
  log.close();
  expect(readFileSync(path, "utf8")).toBe(`${kept}{"step":2,"epoch":1}\n{"step":3,"epoch":1}\n`);
});

test("a new training starts with an empty log", () => {
  writeFileSync(path, '{"step":1,"epoch":0}\n');
  open(0).close();
  expect(readFileSync(path, "utf8")).toBe("");
});

test("a line that does not fit on the disk is taken back, so that the next one is whole", () => {
  let isFull = false;
  const write = (handle: number, bytes: Uint8Array): number => {
    if (!isFull) return machineFiles.write(handle, bytes);
    machineFiles.write(handle, bytes.subarray(0, 5));
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  const log = open(0, { ...machineFiles, write });
  log.append({ step: 1, epoch: 0 });
  isFull = true;
  expect(log.append({ step: 2, epoch: 0 })).toMatchObject({
    kind: "failed",
    problem: { subject: path, code: "ENOSPC" },
  });
  isFull = false;
  log.append({ step: 3, epoch: 0 });
  log.close();
  expect(readFileSync(path, "utf8")).toBe('{"step":1,"epoch":0}\n{"step":3,"epoch":0}\n');
});

test("a folder in its place is refused", () => {
  mkdirSync(path);
  expect(MetricsLog.open(path, 0)).toMatchObject({ kind: "failed", problem: { subject: path, code: "DAMAGED" } });
});
