import { type ChildProcess, spawn } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { attempt, writeAtomically } from "../../runtime/files/index.ts";
import { makeDevice, makePipe, makeSocket } from "./special-files.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-special-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

/** What came of writing: `done`, or why not; nothing temporary is left. */
function write(path: string, content = "new"): string {
  const written = attempt(path, () => writeAtomically(path, content));
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  if (written.kind === "ok") return "done";
  expect(written.problem.subject).toBe(path);
  expect(written.problem.help).not.toBe("");
  return written.problem.message;
}

/** A process that reads a pipe to its end. */
function readerOf(path: string): { readonly child: ChildProcess; readonly text: Promise<string> } {
  const child = spawn("cat", [path], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return { child, text: new Promise((settle) => child.on("close", () => settle(text))) };
}

describe("only a regular file is ever renamed over", () => {
  test.runIf(makeDevice(at("null"), "c", 1, 3))("a character device is written to, and stays", () => {
    expect(write(at("null"))).toBe("done");
    expect(lstatSync(at("null")).isCharacterDevice()).toBe(true);
    symlinkSync("null", at("to-null"));
    expect(write(at("to-null"))).toBe("done");
    expect(readlinkSync(at("to-null"))).toBe("null");
    expect(lstatSync(at("null")).isCharacterDevice()).toBe(true);
  });

  test.runIf(makeDevice(at("full"), "c", 1, 7))("a device that takes nothing says so, and stays", () => {
    expect(write(at("full"))).toBe("the disk is full");
    expect(lstatSync(at("full")).isCharacterDevice()).toBe(true);
  });

  test.runIf(makeDevice(at("disk"), "b", 240, 77))("a disk is refused before it is opened", () => {
    expect(write(at("disk"))).toBe("it is a disk; writing would destroy its contents");
    expect(lstatSync(at("disk")).isBlockDevice()).toBe(true);
  });

  test("a pipe is written to when somebody reads from it, and refused at once when nobody does", async () => {
    makePipe(at("pipe"));
    expect(write(at("pipe"))).toBe("this pipe has no reader");
    const { text } = readerOf(at("pipe"));
    // More than a pipe holds; until its reader has come it is refused.
    const content = "0123456789abcdef".repeat(20_000);
    let said = "";
    for (let tries = 0; tries < 200 && said !== "done"; tries++) {
      said = write(at("pipe"), content);
      await new Promise((settle) => setTimeout(settle, 20));
    }
    expect(said).toBe("done");
    expect(await text).toBe(content);
    expect(lstatSync(at("pipe")).isFIFO()).toBe(true);
  });

  test("a socket and a folder are refused", async () => {
    const server = await makeSocket(at("socket"));
    expect(write(at("socket"))).toBe("it is a socket");
    expect(lstatSync(at("socket")).isSocket()).toBe(true);
    server.close();
    mkdirSync(at("folder"));
    expect(write(at("folder"))).toBe("it is a folder");
    expect(lstatSync(at("folder")).isDirectory()).toBe(true);
  });
});

describe("links", () => {
  test("a link to a file stays, and the file has the new content", () => {
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/file"), "old");
    symlinkSync("elsewhere/file", at("link"));
    expect(write(at("link"))).toBe("done");
    expect(readlinkSync(at("link"))).toBe("elsewhere/file");
    expect(readFileSync(at("elsewhere/file"), "utf8")).toBe("new");
    expect(readdirSync(at("elsewhere"))).toEqual(["file"]);
  });

  test("a loop, and a link that leads nowhere, are refused and stay", () => {
    symlinkSync("loop-b", at("loop"));
    symlinkSync("loop", at("loop-b"));
    expect(write(at("loop"))).toBe("its symbolic links form a loop");
    symlinkSync("nowhere", at("lost"));
    expect(write(at("lost"))).toBe("it does not exist");
    expect(readlinkSync(at("lost"))).toBe("nowhere");
  });
});

test("names as long as the file system takes are written, and longer ones refused", () => {
  for (const name of ["n".repeat(255), "日".repeat(85), "😀".repeat(63)]) {
    expect(write(at(name))).toBe("done");
    expect(readFileSync(at(name), "utf8")).toBe("new");
  }
  expect(write(at("n".repeat(256)))).toBe("its name is too long");
});

test("a path below a file, or in a folder that is not there, is refused with the path", () => {
  writeFileSync(at("file"), "kept");
  expect(write(at("file/below"))).toBe("a part of its path is not a folder");
  expect(write(at("no-folder/file"))).toBe("it does not exist");
  expect(readFileSync(at("file"), "utf8")).toBe("kept");
});
