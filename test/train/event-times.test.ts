import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventLog, readEventTimes } from "../../runtime/train/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "medctc-times-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Logs steps a second apart, the first at a time. */
function log(lastStep: number, steps: readonly number[], seconds: number): string {
  const opened = EventLog.open(folder, { seconds, host: "node", lastStep });
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  for (const [place, step] of steps.entries()) opened.value.append(step, seconds + place, new Map([["train/loss", 1]]));
  opened.value.close();
  return opened.value.path;
}

test("each step has the time at which it was done, also of a run that was resumed", () => {
  // Step 2 was evaluated after it was done.
  log(0, [0, 1, 2, 2, 3, 4], 1000.5);
  expect([...readEventTimes(folder)]).toEqual([1000.5, 1001.5, 1002.5, 1004.5, 1005.5]);
  log(2, [3, 4, 5], 2000);
  expect([...readEventTimes(folder)]).toEqual([1000.5, 1001.5, 1002.5, 2000, 2001, 2002]);
  log(2, [3], 3000);
  expect([...readEventTimes(folder)]).toEqual([1000.5, 1001.5, 1002.5, 3000]);
  // Started again before anything was saved.
  log(0, [0, 1], 4000);
  expect([...readEventTimes(folder)]).toEqual([4000, 4001]);
});

test("more steps than are read at once have their times", () => {
  const steps = Array.from({ length: 50_000 }, (_, place) => place + 1);
  log(0, steps, 1000);
  const times = readEventTimes(folder);
  expect(times).toHaveLength(50_001);
  expect([times[1], times[49_999], times[50_000]]).toEqual([1000, 50_998, 50_999]);
});

test("what is damaged or cut off ends a file, and other files are left out", () => {
  const path = log(0, [1, 2, 3], 1000);
  appendFileSync(path, "a part of a record");
  writeFileSync(join(folder, "events.out.other"), "no log");
  expect([...readEventTimes(folder)]).toEqual([Number.NaN, 1000, 1001, 1002]);
  truncateSync(path, 120);
  expect(readEventTimes(folder).length).toBeLessThan(4);
  truncateSync(path, 3);
  expect([...readEventTimes(folder)]).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(2);
  expect([...readEventTimes(join(folder, "missing"))]).toEqual([]);
});
