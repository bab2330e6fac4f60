import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readLines } from "../../runtime/files/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-lines-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "lines");

function linesOf(text: string): readonly string[] {
  writeFileSync(path, text);
  return [...readLines(path)];
}

test("lines that are ended are read, whatever their length", () => {
  expect(linesOf("")).toEqual([]);
  expect(linesOf("a\n\nü\nnot ended")).toEqual(["a", "", "ü"]);
  const long = ["x".repeat(2 ** 20 - 1), "y".repeat(2 ** 20), "z", "ü".repeat(2 ** 19)];
  expect(linesOf(`${long.join("\n")}\n`)).toEqual(long);
});

test("a line of more than a MiB is left out, and those around it are read", () => {
  expect(linesOf(`a\n${"x".repeat(3 * 2 ** 20)}\nb\n${"y".repeat(2 ** 21)}`)).toEqual(["a", "b"]);
});

test.skipIf(process.platform === "win32")("neither a pipe nor what is missing is read", () => {
  const pipe = join(folder, "pipe");
  spawnSync("mkfifo", [pipe]);
  expect(() => [...readLines(pipe)]).toThrow("it is not a regular file");
  expect(() => [...readLines(join(folder, "missing"))]).toThrow("ENOENT");
});
