import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { StopSignal } from "../../runtime/machine/signals.ts";
import { CacheGate } from "../../runtime/sweep/cold-volumes.ts";
import { describeSchedule, type Job, runJobs, type ScheduleProgress } from "../../runtime/sweep/schedule.ts";
import { isFinished } from "../../runtime/sweep/sweep-folder.ts";
import { bundle } from "../bundle.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "medctc-schedule-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const programFolder = mkdtempSync(join(tmpdir(), "medctc-fake-train-"));
const program = join(programFolder, "fake-train.mjs");
beforeAll(() => bundle("test/sweep/fake-train.ts", program));
afterAll(() => rmSync(programFolder, { recursive: true }));

function jobOf(name: string, ...words: readonly string[]): Job {
  const folder = join(root, name);
  return { label: name, folder, log: join(root, `${name}.log`), group: "all", words: [folder, ...words] };
}

interface Wanted {
  readonly atOnce?: number;
  readonly mayShare?: (group: string) => boolean;
  readonly stopRequested?: () => StopSignal | null;
}

async function run(jobs: readonly Job[], wanted: Wanted = {}) {
  const told: ScheduleProgress[] = [];
  const outcomes = await runJobs({
    jobs,
    atOnce: 2,
    program,
    mayShare: () => true,
    stopRequested: () => null,
    ...wanted,
    isFinished: ({ folder }) => isFinished(folder),
    tell: (progress) => told.push(progress),
  });
  const kinds = jobs.map((job) => `${job.label}: ${outcomes.get(job)?.kind ?? "not started"}`);
  return { outcomes, kinds, told };
}

const happened = (): readonly string[] => readFileSync(join(root, "told"), "utf8").trim().split("\n");

test("jobs run as many at a time as is said, and one that fails ends no other", async () => {
  const jobs = [jobOf("a", "work"), jobOf("b", "fail"), jobOf("c", "work"), jobOf("d", "work")];
  const { kinds, told, outcomes } = await run(jobs);
  expect(kinds).toEqual(["a: done", "b: failed", "c: done", "d: done"]);
  expect(Math.max(...told.map(({ running }) => running))).toBe(2);
  expect(told.at(-1)).toMatchObject({ done: 3, failed: 1, running: 0, of: 4 });
  const [, failed] = jobs;
  expect(failed === undefined ? null : outcomes.get(failed)).toEqual({ kind: "failed", why: "exit status 1" });
  expect(readFileSync(join(root, "b.log"), "utf8")).toMatch(/^\$ medctc .*\/b fail\nit went wrong\n$/);
});

test("a job that ends well without its results has failed, and so has one that the system ended", async () => {
  const silent = jobOf("silent", "work");
  const elsewhere = { ...silent, words: [join(root, "other"), "work"] };
  expect((await run([elsewhere])).kinds).toEqual(["silent: failed"]);
  const killed = jobOf("killed", "wait");
  const ended = run([killed]);
  await seen(join(killed.folder, "ready"));
  process.kill(Number(readFileSync(join(killed.folder, "ready"), "utf8")), "SIGKILL");
  const outcome = (await ended).outcomes.get(killed);
  expect(outcome?.kind === "failed" ? outcome.why : "").toContain("SIGKILL");
});

test("a signal reaches each job once, those that wait are not started, and all are waited for", async () => {
  const jobs = [jobOf("a", "wait"), jobOf("b", "wait"), jobOf("c", "work")];
  let signal: StopSignal | null = null;
  const ended = run(jobs, { stopRequested: () => signal });
  await seen(join(root, "a/ready"));
  await seen(join(root, "b/ready"));
  signal = "SIGTERM";
  expect((await ended).kinds).toEqual(["a: stopped", "b: stopped", "c: not started"]);
  expect([...happened()].sort()).toEqual(["SIGTERM a", "SIGTERM b", "start a", "start b"]);
});

test("the first job that reads volumes runs alone until they are in the cache", async () => {
  const volume = join(root, "volume");
  const gate = new CacheGate(new Map([["all", [volume]]]));
  const jobs = [jobOf("first", "read", volume), jobOf("second", "work"), { ...jobOf("other", "work"), group: "other" }];
  const started: boolean[] = [];
  const { kinds } = await run(jobs, {
    atOnce: 3,
    mayShare: (group) => {
      started.push(existsSync(join(root, "second/ready")) && !existsSync(volume));
      return gate.isOpen(group);
    },
  });
  expect(kinds).toEqual(["first: done", "second: done", "other: done"]);
  expect(started).not.toContain(true);
  // Not held back longer than for that: the first one ends when the second has started.
  expect(happened().indexOf("start other")).toBeLessThan(happened().indexOf("start second"));
});

test("a job that a killed sweep left running is waited for; where it ends without its results, it is started", async () => {
  const whole = jobOf("whole", "work");
  const part = jobOf("part", "work");
  const holders = [whole, part].map((job) => {
    const how = job === whole ? "slow" : "wait";
    const child = spawn(process.execPath, [program, job.folder, how], { stdio: "ignore" });
    mkdirSync(join(job.folder, "run.lock"), { recursive: true });
    const holder = { pid: child.pid, host: hostname(), started: null };
    writeFileSync(join(job.folder, "run.lock/holder.json"), JSON.stringify(holder));
    return child;
  });
  await seen(join(part.folder, "ready"));
  const ended = run([whole, part]);
  setTimeout(() => holders[1]?.kill("SIGTERM"), 300);
  expect((await ended).kinds).toEqual(["whole: done", "part: done"]);
  expect([...happened()].sort()).toEqual([
    "SIGTERM part",
    "end part",
    "end whole",
    "start part",
    "start part",
    "start whole",
  ]);
});

test("progress is one line, with the time that is left once a job is done", () => {
  const progress = { done: 0, of: 16, running: 2, failed: 0, secondsLeft: null };
  expect(describeSchedule(progress)).toBe("0 of 16 done, 2 running, 0 failed");
  expect(describeSchedule({ ...progress, done: 12, failed: 1, secondsLeft: 170 })).toBe(
    "12 of 16 done, 2 running, 1 failed, 3 min left",
  );
});

/** Waits for a file. */
async function seen(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((go) => setTimeout(go, 5));
}
