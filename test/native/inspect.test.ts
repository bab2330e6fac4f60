import {
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inspectNative } from "../../runtime/backends/tensorflow/native/inspect.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/load.ts";
import { nativeFiles } from "../../runtime/backends/tensorflow/native/native-files.ts";
import { probeNative } from "../../runtime/backends/tensorflow/native/probe.ts";
import { type FakeNative, fakeNative } from "./fake-native.ts";

let fake: FakeNative;

beforeEach(() => {
  fake = fakeNative();
});
afterEach(() => fake.remove());

/** Writes one byte of a file anew; its size stays. */
function changeByte(path: string, place: number): void {
  const content = readFileSync(path);
  content[place] = 255 - (content[place] ?? 0);
  writeFileSync(path, content);
}

/** Gives a file the time that it had before something was done to it. */
function keepingTime(path: string, work: () => void): void {
  const { atime, mtime } = statSync(path);
  work();
  utimesSync(path, atime, mtime);
}

describe("an install is looked at without loading it", () => {
  test("one that is whole is ready", () => {
    expect(inspectNative(fake.files).kind).toBe("ready");
  });

  test("none is missing", () => {
    expect(inspectNative(nativeFiles("cpu", join(fake.cache, "other")))).toEqual({
      kind: "missing",
      reason: "native TensorFlow is not installed",
      repair: "medctc backend install",
    });
  });

  test.each([
    ["a missing library", () => rmSync(fake.files.library), "libtensorflow_cc.so.2 is missing"],
    ["a truncated library", () => truncateSync(fake.files.library, 1000), "has 1000 bytes, not 200000"],
    ["an empty library", () => truncateSync(fake.files.library, 0), "has 0 bytes, not 200000"],
    ["a wrong library of the right size", () => changeByte(fake.files.library, 100_000), "has another content"],
    [
      "a wrong library of the right size and time",
      () => keepingTime(fake.files.library, () => changeByte(fake.files.library, 10)),
      "has another content",
    ],
    ["a truncated framework", () => truncateSync(fake.files.framework, 199_999), "has 199999 bytes, not 200000"],
    ["a truncated addon", () => truncateSync(fake.files.addon, 10), "has 10 bytes, not 200000"],
    ["a folder in the place of the addon", () => replaceByFolder(fake.files.addon), "cannot be read: it is a folder"],
    [
      "a record that is cut off",
      () => truncateSync(fake.files.record, 50),
      "cannot be read: it does not say what was installed",
    ],
    ["a record of something else", () => writeFileSync(fake.files.record, "[1]"), "does not say what was installed"],
    [
      "a record without hashes",
      () => writeFileSync(fake.files.record, '{"parts":{"library":1}}'),
      "contents.json does not know",
    ],
    [
      "a link into a clone that was removed",
      () => symlinkSync(join(fake.cache, "gone"), join(fake.files.modules, "lost")),
      "leads to a folder that is gone",
    ],
  ])("%s is broken, and the repair is named", (_, damage, expected) => {
    damage();
    const state = inspectNative(fake.files);
    expect(state).toMatchObject({ kind: "broken", repair: "medctc backend install" });
    expect(state.kind === "ready" ? "" : state.reason).toContain(expected);
    expect(loadTensorflow(state)).toEqual(state);
  });

  test("files that were copied to another time are ready, and looked at shortly from then on", () => {
    const recordedMs = Math.round(statSync(fake.files.library).mtimeMs);
    utimesSync(fake.files.library, new Date(), new Date(recordedMs + 60_000));
    expect(inspectNative(fake.files).kind).toBe("ready");
    expect(Math.round(statSync(fake.files.library).mtimeMs)).toBe(recordedMs);
  });

  test("a Node that is too old is told so, with the Node that is needed", () => {
    expect(inspectNative(fake.files, "18.20.4")).toEqual({
      kind: "unsupported",
      reason: "the addon needs Node 20 or newer, and this is Node 18.20.4",
      repair: "install Node 20 or newer",
    });
    for (const node of ["20.0.0", "22.1.0", "24.0.0"]) expect(inspectNative(fake.files, node).kind).toBe("ready");
  });
});

describe("an install that looks whole and cannot be loaded", () => {
  test("is an answer and not an exception", () => {
    const state = loadTensorflow(inspectNative(fake.files));
    expect(state).toMatchObject({ kind: "broken", repair: "medctc backend install" });
    expect(state.kind === "broken" ? state.reason : "").toMatch(/invalid ELF header|file too short/);
  });

  test("is tried in a process of its own, which says why", () => {
    const probe = probeNative(fake.files);
    expect(probe.kind === "fails" ? probe.reason : "").toMatch(/invalid ELF header|file too short/);
  });

  test("and that ends its process is an answer too", () => {
    writeFileSync(join(fake.files.package, "index.js"), 'process.kill(process.pid, "SIGSEGV");');
    expect(probeNative(fake.files)).toEqual({ kind: "fails", reason: "its process was ended by SIGSEGV" });
  });
});

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}
