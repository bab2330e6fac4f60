import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readText, writeAtomically } from "../../runtime/files/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

function problemOf(path: string): string {
  const file = readText(path);
  if (file.kind === "text") return "read";
  return file.kind === "missing" ? "missing" : file.problem(path).code;
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("text is read as it is, with its byte order mark and its line ends", () => {
  const path = write("text", "\uFEFFa\r\né日\n");
  expect(readText(path)).toEqual({ kind: "text", text: "\uFEFFa\r\né日\n" });
});

test("what is no text file is refused with its code", () => {
  mkdirSync(join(folder, "folder"));
  expect(problemOf(join(folder, "none"))).toBe("missing");
  expect(problemOf(join(folder, "folder"))).toBe("E202");
  expect(problemOf(write("5 MB", "x".repeat(5_000_000)))).toBe("E204");
  expect(problemOf("/dev/zero")).toBe("E207");
  expect(problemOf(join(write("file", "x"), "below"))).toBe("missing");
});

test("a pipe that nobody writes to is refused at once", () => {
  const path = join(folder, "pipe");
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  expect(problemOf(path)).toBe("E207");
});

test.each([
  ["a lone continuation byte", [0x61, 0x80], 1],
  ["a character that ends too early", [0x61, 0x62, 0xe6, 0x97], 2],
  ["an overlong slash", [0xc0, 0xaf], 0],
  ["a surrogate", [0x61, 0xed, 0xa0, 0x80, 0x62], 1],
])("%s is found where it stands", (_, bytes, offset) => {
  const file = readText(write("bytes", Uint8Array.from(bytes)));
  if (file.kind !== "unreadable") throw new Error("it cannot be read");
  expect(file.problem("bytes")).toMatchObject({ code: "E203" });
  expect(file.problem("bytes").message).toContain(`byte ${offset} `);
});

test("writing replaces the content, keeps the permissions and leaves nothing behind", () => {
  const path = write("written", "old");
  chmodSync(path, 0o640);
  writeAtomically(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a write that fails leaves the old content and no temporary file", () => {
  const path = join(folder, "taken");
  mkdirSync(path);
  writeFileSync(join(path, "inside"), "kept");
  expect(() => writeAtomically(path, "new")).toThrow();
  expect(readFileSync(join(path, "inside"), "utf8")).toBe("kept");
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
