import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { takeLock } from "../../runtime/files/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-lock-"));
const path = join(folder, "lock");
afterEach(() => rmSync(path, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

function lockOf(holder: string): void {
  mkdirSync(path);
  writeFileSync(join(path, "holder.json"), holder);
}

function expectTaken(): void {
  const lock = takeLock(path);
  expect(lock.kind).toBe("taken");
  expect(JSON.parse(readFileSync(join(path, "holder.json"), "utf8"))).toMatchObject({ pid: process.pid });
  expect(takeLock(path)).toMatchObject({ kind: "held", holder: { pid: process.pid, host: hostname() } });
  if (lock.kind === "taken") lock.release();
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
}

test("a lock is one process's at a time, and leaves nothing behind", () => {
  expectTaken();
});

const host = hostname();
const { pid: gone } = spawnSync(process.execPath, ["-e", ""]);

test.each([
  ["of a process that is gone", JSON.stringify({ pid: gone, host, started: "1" })],
  ["of an earlier process with this one's number", JSON.stringify({ pid: process.pid, host, started: "1" })],
  ["that names no process", '{"pid": 0, "host": "a"}'],
  ["that was cut off", '{"pid": 1'],
  ["that is empty", ""],
])("a lock %s is taken over", (_, holder) => {
  lockOf(holder);
  expectTaken();
});

test("a file in a lock's place is one of nobody", () => {
  writeFileSync(path, "12");
  expectTaken();
});

test.each([
  ["that runs", { pid: process.ppid, host, started: null }],
  ["of another machine, of which nothing is known", { pid: gone, host: `${host}-other`, started: "1" }],
])("a lock of a process %s is left alone", (_, holder) => {
  lockOf(JSON.stringify(holder));
  expect(takeLock(path)).toEqual({ kind: "held", holder });
  expect(readdirSync(folder)).toEqual(["lock"]);
});

test("a lock that was taken away and is another's now is not given back for it", () => {
  const lock = takeLock(path);
  rmSync(path, { recursive: true });
  lockOf(JSON.stringify({ pid: process.ppid, host, started: null }));
  if (lock.kind === "taken") lock.release();
  expect(existsSync(path)).toBe(true);
});
