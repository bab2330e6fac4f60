import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Attempt, machineFiles, type StorageProblem } from "../../runtime/files/index.ts";
import { CheckpointStore } from "../../runtime/train/checkpoint-store.ts";
import { EventLog } from "../../runtime/train/events.ts";
import { MetricsLog } from "../../runtime/train/metrics-log.ts";
import { RunFolder } from "../../runtime/train/run-folder.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";
import { type FaultyFiles, failingAt } from "./faulty-files.ts";
import { checkpointAt } from "./made-checkpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-faults-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** How far a training came: what it was told to be on disk, and what it was told to have failed. */
interface Told {
  /** The newest checkpoint that was saved; 0 for none. */
  readonly step: number;
  readonly adapter: boolean;
  readonly problems: readonly StorageProblem[];
  /** Calls of the file system before the lock was given back, after which nobody is told of anything. */
  readonly calls: number;
}

/** A training as the loop does it, that goes on after whatever fails. Step 2 is saved twice, step 1 is the best. */
function train(path: string, { files, calls }: FaultyFiles): Told {
  const problems: StorageProblem[] = [];
  const isDone = (attempt: Attempt<unknown>): boolean => {
    if (attempt.kind === "failed") problems.push(attempt.problem);
    return attempt.kind === "ok";
  };
  const opened = RunFolder.open(path, { keep: 1, files });
  if (opened.kind !== "open") return { step: 0, adapter: false, problems: [opened.problem], calls: calls() };
  const { run } = opened;
  const metrics = MetricsLog.open(run.metricsPath, 0, files);
  const events = EventLog.open(run.eventsFolder, { seconds: 1, host: "here", lastStep: 0, files });
  isDone(metrics);
  isDone(events);
  let step = 0;
  for (const each of [1, 2, 2, 3]) {
    if (metrics.kind === "ok") {
      isDone(metrics.value.append({ step: each, epoch: 0, loss: 1 / each }));
      isDone(metrics.value.sync());
    }
    if (events.kind === "ok") isDone(events.value.append(each, 1, new Map([["train/loss", 1 / each]])));
    const saved = run.checkpoints.save(checkpointAt(each, { metric: 1 / each }));
    if (isDone(saved)) step = each;
    if (saved.kind === "ok") problems.push(...saved.value.left);
  }
  const adapter = isDone(run.saveAdapter(checkpointAt(3).parameters));
  if (metrics.kind === "ok") isDone(metrics.value.close());
  if (events.kind === "ok") isDone(events.value.close());
  const told = { step, adapter, problems, calls: calls() };
  run.close();
  return told;
}

/** Nothing half done is left in a run's folder after the next start, and its newest checkpoint is whole. */
function expectIntact(path: string, told: Told): void {
  // The process that failed is this one, which does not end: its lock is taken away for it.
  rmSync(join(path, "run.lock"), { recursive: true, force: true });
  const opened = RunFolder.open(path);
  if (opened.kind !== "open") throw new Error(opened.problem.message);
  const { run } = opened;
  const latest = run.checkpoints.latest();
  if (latest.kind === "failed") throw new Error(latest.problem.message);
  expect(latest.problems).toEqual([]);
  const step = latest.kind === "found" ? latest.checkpoint.state.step : 0;
  expect(step).toBeGreaterThanOrEqual(told.step);
  if (latest.kind === "found") expect(latest.checkpoint.parameters).toEqual(sorted(checkpointAt(step).parameters));
  if (told.adapter) expect(existsSync(run.adapterPath)).toBe(true);
  if (existsSync(run.adapterPath)) {
    expect(readSafetensors(run.adapterPath, readFileSync(run.adapterPath)).size).toBe(3);
  }
  const metrics = MetricsLog.open(run.metricsPath, step);
  if (metrics.kind === "failed") throw new Error(metrics.problem.message);
  expect(metrics.value.close().kind).toBe("ok");
  for (const line of readFileSync(run.metricsPath, "utf8").split("\n")) {
    expect(line === "" ? {} : JSON.parse(line)).toBeTypeOf("object");
  }
  expect(readdirSync(run.checkpoints.folder).filter((name) => !name.startsWith("step-"))).toEqual([]);
  run.close();
  const known = ["adapter.safetensors", "checkpoints", "events", "metrics.jsonl"];
  expect(readdirSync(path).filter((name) => !known.includes(name))).toEqual([]);
}

function sorted<Value>(map: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const codes = ["ENOSPC", "EACCES", "EIO", "EROFS", "EMFILE"];

describe("whichever call of the file system fails, the checkpoints that were saved are whole", () => {
  const undisturbed = failingAt(Number.POSITIVE_INFINITY, "", false);
  const told = train(join(folder, "undisturbed"), undisturbed);
  const calls = undisturbed.calls();

  test("and none fails where nothing does", () => {
    expect(told).toMatchObject({ step: 3, adapter: true, problems: [] });
    expect(readdirSync(join(folder, "undisturbed/checkpoints"))).toEqual(["step-00000001", "step-00000003"]);
    expectIntact(join(folder, "undisturbed"), told);
    expect(calls).toBeGreaterThan(200);
  });

  test("once, whatever the error", () => {
    for (let n = 1; n <= calls; n++) {
      const path = join(folder, "once");
      const code = codes[n % codes.length] ?? "";
      const failed = train(path, failingAt(n, code, false));
      for (const problem of failed.problems) expect([problem.code, problem.help === ""]).toEqual([code, false]);
      expectIntact(path, failed);
      rmSync(path, { recursive: true });
    }
  });

  test("and all calls after it, whatever the error", () => {
    for (let n = 1; n <= calls; n++) {
      const path = join(folder, "lasting");
      machineFiles.makeFolder(path);
      const code = codes[n % codes.length] ?? "";
      const failed = train(path, failingAt(n, code, true));
      const codesTold = new Set(failed.problems.map((problem) => problem.code));
      expect(codesTold).toEqual(new Set(n <= told.calls ? [code] : []));
      expectIntact(path, failed);
      rmSync(path, { recursive: true });
    }
  });

  test("and a save that failed succeeds when it is tried again", () => {
    const path = join(folder, "again");
    const opened = RunFolder.open(path);
    if (opened.kind !== "open") throw new Error("it opens");
    opened.run.close();
    for (let n = 1, isFailing = true; isFailing; n++) {
      const { files } = failingAt(n, "ENOSPC", false);
      const again = RunFolder.open(path, { files });
      if (again.kind !== "open") continue;
      isFailing = again.run.checkpoints.save(checkpointAt(1)).kind === "failed";
      expect(again.run.checkpoints.save(checkpointAt(1))).toMatchObject({ kind: "ok" });
      expect(again.run.checkpoints.latest()).toMatchObject({ kind: "found", problems: [] });
      again.run.close();
      rmSync(join(path, "run.lock"), { recursive: true, force: true });
    }
  });
});

describe("a save that failed on a full disk", () => {
  const path = join(folder, "full");
  let isFull = false;
  const write = (handle: number, bytes: Uint8Array): number => {
    if (isFull) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    return machineFiles.write(handle, bytes);
  };
  let isStuck = false;
  const remove = (file: string): void => {
    if (isStuck) throw Object.assign(new Error("busy"), { code: "EIO" });
    machineFiles.remove(file);
  };
  const store = new CheckpointStore(path, { files: { ...machineFiles, write, remove } });

  test("gives the disk its room back", () => {
    expect(store.open().kind).toBe("ok");
    isFull = true;
    expect(store.save(checkpointAt(1))).toMatchObject({ kind: "failed", problem: { code: "ENOSPC" } });
    expect(readdirSync(path)).toEqual([]);
  });

  test("or, where nothing could be removed, is in nobody's way later", () => {
    isStuck = true;
    expect(store.save(checkpointAt(1))).toMatchObject({ kind: "failed", problem: { code: "ENOSPC" } });
    expect(readdirSync(path)).toEqual([".step-00000001.new"]);
    [isFull, isStuck] = [false, false];
    expect(store.save(checkpointAt(1)).kind).toBe("ok");
    expect(readdirSync(path)).toEqual(["step-00000001"]);
  });
});

test("a failure says what failed where, in words, and what to do", () => {
  const path = join(folder, "words");
  const said = codes.map((code) => {
    const opened = RunFolder.open(path, { files: failingAt(1, code, true).files });
    return opened.kind === "failed" ? opened.problem : null;
  });
  expect(said.map((problem) => [problem?.subject === path, problem?.message, problem?.help])).toEqual([
    [true, "the disk is full", "free some space on that disk, or use a folder on another one"],
    [true, "permission denied", "let this user read and write it, or use another path"],
    [true, "the disk failed", "check that the disk is healthy and mounted; the system's log may say more"],
    [true, expect.any(String), "mount the disk writable, or use another folder"],
    [true, "this program has too many files open", "raise the limit of open files (`ulimit -n`)"],
  ]);
});

describe("a newest checkpoint that cannot be read", () => {
  const path = join(folder, "unreadable");
  const store = new CheckpointStore(path, { keep: 1 });

  /** The store as it is where the newest state fails to open. */
  function failing(code: string): CheckpointStore {
    expect(store.open().kind).toBe("ok");
    for (const step of [1, 2]) expect(new CheckpointStore(path).save(checkpointAt(step)).kind).toBe("ok");
    const open = (file: string): number => {
      if (file !== join(store.folderOf(2), "state.json")) return machineFiles.open(file);
      throw Object.assign(new Error(code), { code });
    };
    return new CheckpointStore(path, { keep: 1, files: { ...machineFiles, open } });
  }

  test.each(["EACCES", "EMFILE"])("for now (%s) is not passed over, for that would throw work away", (code) => {
    expect(failing(code).latest()).toMatchObject({ kind: "failed", problem: { code } });
  });

  test("because its disk failed is passed over, and left for who can save it", () => {
    const lost = failing("EIO");
    const problems = [{ code: "EIO", subject: store.folderOf(2) }];
    expect(lost.latest()).toMatchObject({ kind: "found", checkpoint: { state: { step: 1 } }, problems });
    expect(lost.save(checkpointAt(3, { best: null }))).toMatchObject({ kind: "ok", value: { left: problems } });
    expect(readdirSync(path)).toEqual(["step-00000002", "step-00000003"]);
  });
});
