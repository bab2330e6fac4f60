import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  errorCode,
  kindOfPath,
  machineFiles,
  makeTemporaryFolder,
  readAll,
  readBytes,
  readFileBytes,
  readFileText,
  readText,
  syncFolder,
  whyUnread,
  withRegularFile,
} from "../../runtime/files/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-regular-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "file");
writeFileSync(file, "0123456789");
const inside = join(folder, "inside");
mkdirSync(inside);
const pipe = join(folder, "pipe");
spawnSync("mkfifo", [pipe]);

/** The code of what an error says, with its path. */
function refused(work: () => unknown): readonly (string | null)[] {
  try {
    work();
  } catch (error) {
    const path = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : null;
    return [errorCode(error), path];
  }
  return ["read"];
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

describe("a regular file", () => {
  test("is read as a whole, if it is not larger than it may be", () => {
    expect(new TextDecoder().decode(readFileBytes(file))).toBe("0123456789");
    expect(readFileText(file, 10)).toBe("0123456789");
    expect(refused(() => readFileBytes(file, 9))).toEqual(["ETOOLARGE", file]);
    expect(readFileText("/proc/self/stat")).toBe("");
  });

  test("is closed, whatever is done with it", () => {
    const before = openFiles();
    expect(withRegularFile(file, (_, { size }) => size)).toBe(10);
    expect(() =>
      withRegularFile(file, () => {
        throw new Error("a mistake of ours");
      }),
    ).toThrow("a mistake of ours");
    expect(readBytes(file, 10, machineFiles)).toHaveLength(10);
    expect(readText(file)).toEqual({ kind: "text", text: "0123456789" });
    syncFolder(folder, machineFiles);
    expect(openFiles()).toBe(before);
  });

  test("is what devices, pipes, folders and paths that lead nowhere are not", () => {
    const before = openFiles();
    expect(refused(() => readFileBytes(inside))).toEqual(["EISDIR", inside]);
    expect(refused(() => readFileBytes(pipe))).toEqual(["ENOTFILE", pipe]);
    expect(refused(() => readFileBytes("/dev/zero"))).toEqual(["ENOTFILE", "/dev/zero"]);
    expect(refused(() => readFileBytes(join(folder, "none")))).toEqual(["ENOENT", join(folder, "none")]);
    expect(openFiles()).toBe(before);
  });
});

test("what is at a path is seen through links", () => {
  const link = join(folder, "link");
  symlinkSync(file, link);
  const loose = join(folder, "loose");
  symlinkSync(join(folder, "none"), loose);
  expect([file, link, inside, pipe, loose, join(file, "below")].map(kindOfPath)).toEqual([
    "file",
    "file",
    "folder",
    "other",
    "absent",
    "absent",
  ]);
});

describe("bytes of an open file", () => {
  test("are read from a place on, as many as there is room for, however few the system gives at once", () => {
    const few = {
      ...machineFiles,
      read: (handle: number, into: Uint8Array, at: number) => machineFiles.read(handle, into.subarray(0, 3), at),
    };
    const handle = machineFiles.open(file);
    const into = new Uint8Array(7);
    expect(readAll(handle, into, 2, few)).toBe(true);
    expect(new TextDecoder().decode(into)).toBe("2345678");
    expect(readAll(handle, new Uint8Array(3), 8, few)).toBe(false);
    machineFiles.close(handle);
  });

  test("are nothing where there are more than there may be, or no file", () => {
    expect(readBytes(file, 9, machineFiles)).toBeNull();
    expect(readBytes(inside, 100, machineFiles)).toBeNull();
    expect(readBytes(pipe, 100, machineFiles)).toBeNull();
  });

  test("are nothing where the file ends before it said, and it is closed", () => {
    const before = openFiles();
    expect(readBytes(file, 100, { ...machineFiles, size: () => 11 })).toBeNull();
    expect(openFiles()).toBe(before);
  });
});

describe("why a text is not read", () => {
  const reason = (path: string): readonly (string | null)[] => {
    const read = readText(path);
    if (read.kind === "text") return ["text", read.text];
    const { code, message } = whyUnread(read, path);
    return [code, message];
  };

  test("is said with the path", () => {
    const none = join(folder, "none");
    expect(reason(none)).toEqual(["E201", `there is no file \`${none}\``]);
    expect(reason(join(file, "below"))).toEqual(["E201", `there is no file \`${join(file, "below")}\``]);
    expect(reason(inside)[0]).toBe("E202");
    expect(reason(pipe)).toEqual(["E207", `\`${pipe}\` cannot be read: it is not a file`]);
    const loop = join(folder, "loop");
    symlinkSync(loop, loop);
    expect(reason(loop)).toEqual(["E207", `\`${loop}\` cannot be read: its symbolic links form a loop`]);
  });

  test("a text may have 4 MiB and no more", () => {
    const large = join(folder, "large");
    writeFileSync(large, "x".repeat(4 * 1024 * 1024));
    expect(readText(large).kind).toBe("text");
    writeFileSync(large, "x".repeat(4 * 1024 * 1024 + 1));
    expect(reason(large)[0]).toBe("E204");
    expect(reason(large)[1]).toContain("4 MiB");
  });

  test("a file that the system makes up has no size and is read to its end", () => {
    expect(reason("/proc/self/status")[1]).toContain(`Pid:\t${process.pid}\n`);
  });
});

describe("a temporary folder", () => {
  test("has a name of its own", () => {
    const made = [makeTemporaryFolder("medctc-try"), makeTemporaryFolder("medctc-try")];
    for (const path of made) {
      expect(path).toMatch(/\/medctc-try-\w+$/);
      expect(kindOfPath(path)).toBe("folder");
      rmSync(path, { recursive: true });
    }
    expect(new Set(made).size).toBe(2);
  });

  test("cannot be made where TMPDIR is no folder, which is said", () => {
    const before = process.env["TMPDIR"];
    try {
      for (const wrong of [file, join(folder, "none"), join(folder, "loop"), join(folder, "x".repeat(300))]) {
        process.env["TMPDIR"] = wrong;
        expect(refused(() => makeTemporaryFolder("medctc-try"))).toEqual(["ENOTEMP", wrong]);
      }
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });
});
