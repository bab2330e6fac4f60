import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { errorCode, holderOf, isRunning, machineFiles, takeLock } from "../../runtime/files/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-holder-"));
const path = join(folder, "lock");
afterEach(() => rmSync(path, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

const host = hostname();

function lockOf(holder: unknown): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  writeFileSync(join(path, "holder.json"), typeof holder === "string" ? holder : JSON.stringify(holder));
}

/** The 22nd field of proc_pid_stat(5); this process's name has no blanks. */
const started = readFileSync("/proc/self/stat", "latin1").split(" ")[21];

describe("who has a lock", () => {
  test("is nobody where there is none", () => {
    expect(holderOf(path)).toBeNull();
    writeFileSync(path, "a file");
    expect(holderOf(path)).toBeNull();
  });

  test("is the process that took it, until it gives it back", () => {
    const lock = takeLock(path);
    expect(holderOf(path)).toEqual({ pid: process.pid, host, started });
    if (lock.kind === "taken") lock.release();
    expect(holderOf(path)).toBeNull();
  });

  test.each<[string, unknown]>([
    ["a text that is no JSON", "{"],
    ["a text", '"12"'],
    ["null", "null"],
    ["a number", "12"],
    ["no process", { host }],
    ["no number", { pid: "12", host }],
    ["no whole number", { pid: 1.5, host }],
    ["number 0", { pid: 0, host: "elsewhere" }],
    ["no machine", { pid: process.pid }],
    ["no name of a machine", { pid: process.pid, host: 7 }],
    ["more than a holder's name", `${" ".repeat(4096)}{"pid":1,"host":"elsewhere"}`],
  ])("is nobody where it names %s", (_, holder) => {
    lockOf(holder);
    expect(holderOf(path)).toBeNull();
  });

  test("is a process that runs, by its number and its start", () => {
    lockOf({ pid: process.pid, host, started });
    expect(holderOf(path)).toEqual({ pid: process.pid, host, started });
    lockOf({ pid: process.pid, host, started: `${started}0` });
    expect(holderOf(path)).toBeNull();
    lockOf({ pid: process.pid, host, started: 7 });
    expect(holderOf(path)).toEqual({ pid: process.pid, host, started: null });
  });

  test("is a process of another machine, whatever its number", () => {
    const { pid } = spawnSync("true");
    lockOf({ pid, host: "elsewhere", started });
    expect(holderOf(path)).toEqual({ pid, host: "elsewhere", started });
  });

  test("is not a process that has ended and that nobody waited for", async () => {
    // The shell is the parent of one that ends, and does not wait for it.
    const shell = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      const pid = await new Promise<number>((resolve) => shell.stdout.once("data", (text) => resolve(Number(text))));
      const stat = (): string => readFileSync(`/proc/${pid}/stat`, "latin1");
      while (!stat().includes(") Z ")) await new Promise((resolve) => setTimeout(resolve, 5));
      const start = stat().slice(stat().lastIndexOf(")")).split(" ")[20];
      lockOf({ pid, host, started: start });
      expect(isRunning(pid)).toBe(true);
      expect(holderOf(path)).toBeNull();
    } finally {
      shell.kill("SIGKILL");
    }
  });
});

test("processes run, or do not; groups of them are not asked for", () => {
  const { pid } = spawnSync("true");
  expect([process.pid, process.ppid, 1, pid, 0, -1].map(isRunning)).toEqual([true, true, true, false, false, false]);
});

describe("a lock that others are after, too", () => {
  const other = { pid: process.ppid, host, started: null };

  test("is put back when another process took it over just before", () => {
    lockOf("{}");
    let renamed = 0;
    const files = {
      ...machineFiles,
      rename: (from: string, to: string) => {
        // The first is this process's own lock, which is in the other's way; the second takes the empty one away.
        if (++renamed === 2) lockOf(other);
        renameSync(from, to);
      },
    };
    expect(takeLock(path, files)).toEqual({ kind: "held", holder: other });
    expect(holderOf(path)).toEqual(other);
  });

  test("is taken when it was given back meanwhile", () => {
    lockOf(other);
    let asked = 0;
    const files = {
      ...machineFiles,
      open: (opened: string) => {
        if (opened.endsWith("holder.json") && opened.startsWith(path) && ++asked === 1)
          rmSync(path, { recursive: true });
        return machineFiles.open(opened);
      },
    };
    const lock = takeLock(path, files);
    expect(lock.kind).toBe("taken");
    expect(holderOf(path)?.pid).toBe(process.pid);
  });

  test("is given up when it comes back without a holder ten times", () => {
    let renamed = 0;
    const files = {
      ...machineFiles,
      rename: (from: string, to: string) => {
        renamed++;
        if (to === path) throw Object.assign(new Error("not empty"), { code: "ENOTEMPTY" });
        lockOf("{}");
        renameSync(from, to);
      },
    };
    expect(() => takeLock(path, files)).toThrow(`${path} cannot be taken over: it comes back without a holder`);
    expect(renamed).toBe(20);
  });

  test("is not this process's to give back when another machine has it, or another process", () => {
    for (const holder of [{ pid: process.pid, host: "elsewhere", started }, other]) {
      const lock = takeLock(path);
      lockOf(holder);
      if (lock.kind === "taken") lock.release();
      expect(existsSync(path)).toBe(true);
      rmSync(path, { recursive: true });
    }
  });
});

describe("what the system refuses", () => {
  const failing = (name: "rename" | "open" | "makeFolder", error: Error) => ({
    ...machineFiles,
    [name]: () => {
      throw error;
    },
  });
  const denied = Object.assign(new Error("denied"), { code: "EACCES" });

  test("is thrown when a lock is taken", () => {
    expect(() => takeLock(path, failing("makeFolder", denied))).toThrow(denied);
    expect(() => takeLock(path, failing("rename", denied))).toThrow(denied);
    lockOf(`{"pid":${process.pid},"host":"elsewhere"}`);
    expect(() => holderOf(path, failing("open", denied))).toThrow(denied);
  });

  test("does not matter when a lock is given back, but a mistake of ours does", () => {
    const lock = takeLock(path, { ...machineFiles, open: failing("open", denied).open });
    if (lock.kind === "taken") lock.release();
    expect(existsSync(path)).toBe(true);
    const mistake = new TypeError("a mistake of ours");
    rmSync(path, { recursive: true });
    const again = takeLock(path, failing("open", mistake));
    expect(() => again.kind === "taken" && again.release()).toThrow(mistake);
    expect(errorCode(mistake)).toBeNull();
  });
});
