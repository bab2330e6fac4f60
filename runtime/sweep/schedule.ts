import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Holder, holderOf, machineFiles } from "../files/index.ts";
import type { StopSignal } from "../machine/index.ts";

/** One training of a sweep. */
export interface Job {
  readonly label: string;
  /** What follows the program's name. */
  readonly words: readonly string[];
  readonly folder: string;
  readonly log: string;
  /** Runs of one group read the same volumes. */
  readonly group: string;
}

export type Outcome =
  | { readonly kind: "done"; readonly seconds: number }
  | { readonly kind: "failed"; readonly why: string }
  /** It was asked to stop, and can be gone on with. */
  | { readonly kind: "stopped" };

export interface ScheduleProgress {
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly of: number;
  /** Null before a run has ended. */
  readonly secondsLeft: number | null;
}

export interface Schedule {
  readonly jobs: readonly Job[];
  /** Runs at the same time. */
  readonly atOnce: number;
  /** The file of this program. */
  readonly program: string;
  readonly isFinished: (job: Job) => boolean;
  /** Whether a job may start beside others of its group. */
  readonly mayShare: (group: string) => boolean;
  readonly stopRequested: () => StopSignal | null;
  readonly tell: (progress: ScheduleProgress) => void;
}

/** A job that runs: in a process of ours, or of a sweep that was killed before this one. */
interface Running {
  readonly job: Job;
  readonly startedMs: number;
  readonly stop: (signal: StopSignal) => void;
  /** Null while it runs. */
  readonly ended: () => { readonly code: number | null; readonly why: string } | null;
}

const betweenLooksMs = 100;

/**
 * Runs jobs, some at a time, each in a process of its own; one that fails ends no other. A signal that asks for an end goes on
 * to all that run, once, and they are waited for. A training that a killed sweep left running is waited for, not started
 * again.
 */
export async function runJobs(schedule: Schedule): Promise<ReadonlyMap<Job, Outcome>> {
  const { jobs, atOnce, isFinished, mayShare, stopRequested, tell } = schedule;
  const outcomes = new Map<Job, Outcome>();
  const waiting = [...jobs];
  const running = new Set<Running>();
  let asked = false;
  for (;;) {
    for (const each of running) {
      const ended = each.ended();
      if (ended === null) continue;
      running.delete(each);
      const { job, startedMs } = each;
      const seconds = (performance.now() - startedMs) / 1000;
      if (isFinished(job)) outcomes.set(job, { kind: "done", seconds });
      else if (asked) outcomes.set(job, { kind: "stopped" });
      else if (ended.code === leftBehind) waiting.unshift(job);
      else outcomes.set(job, { kind: "failed", why: ended.why });
    }
    const signal = stopRequested();
    if (signal !== null && !asked) for (const each of running) each.stop(signal);
    asked ||= signal !== null;
    while (!asked && running.size < atOnce) {
      const busy = new Set([...running].map(({ job }) => job.group));
      const at = waiting.findIndex(({ group }) => !busy.has(group) || mayShare(group));
      const [job] = at < 0 ? [] : waiting.splice(at, 1);
      if (job === undefined) break;
      running.add(start(job, schedule.program));
    }
    tell(progressOf(outcomes, running.size, waiting.length, atOnce));
    if (running.size === 0 && (asked || waiting.length === 0)) return outcomes;
    await sleep(betweenLooksMs);
  }
}

/** Stands for the end of a training that another sweep had started: nobody knows how it ended. */
const leftBehind = -1;

function start(job: Job, program: string): Running {
  const startedMs = performance.now();
  const lock = join(job.folder, "run.lock");
  const holder = holderOf(lock);
  if (holder !== null) return waitFor(holder, { job, startedMs, lock });
  mkdirSync(dirname(job.log), { recursive: true });
  const log = machineFiles.append(job.log);
  writeSync(log, `$ medctc ${job.words.join(" ")}\n`);
  // In a group of its own, so that Ctrl-C reaches it once: by us. Twice would end it before it has saved.
  const child = spawn(process.execPath, [program, ...job.words], { stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  let ended: { readonly code: number | null; readonly why: string } | null = null;
  child.on("error", (error) => {
    ended ??= { code: null, why: `no process could be started: ${error.message}` };
  });
  child.on("exit", (code, signal) => {
    ended ??= { code, why: whyEnded(code, signal) };
  });
  return { job, startedMs, stop: (signal) => stopChild(child, signal), ended: () => ended };
}

function stopChild(child: ChildProcess, signal: StopSignal): void {
  child.kill(signal);
}

/** A training that this sweep did not start; one of another machine goes on when this sweep is stopped. */
function waitFor(
  holder: Holder,
  { job, startedMs, lock }: { readonly job: Job; readonly startedMs: number; readonly lock: string },
): Running {
  let isLeft = false;
  const stop = (signal: StopSignal): void => {
    isLeft = holder.host !== hostname();
    try {
      if (!isLeft) process.kill(holder.pid, signal);
    } catch {
      // It has ended, or is another user's: the lock says when it is gone.
    }
  };
  const ended = () => (isLeft || holderOf(lock) === null ? { code: leftBehind, why: "" } : null);
  return { job, startedMs, stop, ended };
}

function whyEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `exit status ${code}`;
  return signal === "SIGKILL" || signal === "SIGABRT"
    ? `killed by the system (${signal}), probably for lack of memory: use fewer --jobs`
    : `killed by ${signal}`;
}

function progressOf(
  outcomes: ReadonlyMap<Job, Outcome>,
  running: number,
  waiting: number,
  atOnce: number,
): ScheduleProgress {
  const all = [...outcomes.values()];
  const seconds = all.flatMap((outcome) => (outcome.kind === "done" ? [outcome.seconds] : []));
  const mean = seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
  // What runs is half done in the mean.
  const left = (mean * (waiting + running / 2)) / atOnce;
  return {
    done: seconds.length,
    running,
    failed: all.filter(({ kind }) => kind === "failed").length,
    of: outcomes.size + running + waiting,
    secondsLeft: seconds.length === 0 ? null : left,
  };
}

/** `12 of 16 done, 2 running, 0 failed, 3 min left` */
export function describeSchedule({ done, of, running, failed, secondsLeft }: ScheduleProgress): string {
  const left = secondsLeft === null ? [] : [`${printDuration(secondsLeft)} left`];
  return [`${done} of ${of} done`, `${running} running`, `${failed} failed`, ...left].join(", ");
}

function printDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 90 * 60 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
