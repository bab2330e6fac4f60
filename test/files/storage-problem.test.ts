import { describe, expect, test } from "vitest";
import { attempt, errorCode, isSystemError, RefusedFile, storageProblem } from "../../runtime/files/index.ts";
import { withPath } from "../../runtime/files/storage-problem.ts";

function systemError(code: unknown, more: object = {}): Error {
  return Object.assign(new Error("it failed"), { code }, more);
}

describe("the code of an error of the system", () => {
  test.each<[unknown, string | null]>([
    [systemError("ENOSPC"), "ENOSPC"],
    [systemError("E2BIG"), "E2BIG"],
    [systemError("ERR_FS_FILE_TOO_LARGE"), null],
    [systemError("NOT_EIO"), null],
    [systemError("EIO: it failed"), null],
    [systemError(5), null],
    [new Error("EIO"), null],
    [{ code: "EIO" }, null],
    ["EIO", null],
    [null, null],
    [undefined, null],
  ])("%o: %s", (error, code) => {
    expect(errorCode(error)).toBe(code);
  });

  test("is what makes it one", () => {
    expect(isSystemError(systemError("EIO"))).toBe(true);
    expect(isSystemError(new Error("EIO"))).toBe(false);
    expect(isSystemError("EIO")).toBe(false);
  });
});

describe("errors of Node.js that quote the system's", () => {
  test.each<[string, string, string]>([
    ["ERR_FS_FILE_TOO_LARGE", "File size is greater than 2 GiB", "ETOOLARGE"],
    ["ERR_WORKER_INIT_FAILED", "Worker initialization failure: EMFILE", "EMFILE"],
    ["ERR_WORKER_INIT_FAILED", "Worker initialization failure", "EAGAIN"],
    ["ERR_WORKER_INIT_FAILED", "EMFILE was not it", "EAGAIN"],
  ])("%s: %s is %s", (code, message, expected) => {
    const error = Object.assign(new Error(message), { code });
    expect(isSystemError(error)).toBe(true);
    expect(storageProblem("file", error).code).toBe(expected);
  });

  test("others are not the system's", () => {
    const error = systemError("ERR_INVALID_ARG_TYPE");
    expect(isSystemError(error)).toBe(false);
    expect(() => storageProblem("file", error)).toThrow(error);
  });
});

describe("what the system refused, in words", () => {
  test.each<[string, string, string]>([
    ["ENOSPC", "the disk is full", "free some space on that disk, or use a folder on another one"],
    ["EACCES", "permission denied", "let this user read and write it, or use another path"],
    ["EMFILE", "this program has too many files open", "raise the limit of open files (`ulimit -n`)"],
    ["EIO", "the disk failed", "check that the disk is healthy and mounted; the system's log may say more"],
    ["EISDIR", "it is a folder", "name a regular file"],
    ["EUNHEARD", "EUNHEARD", "check that its disk is mounted and writable, or use another folder"],
  ])("%s: %s", (code, message, help) => {
    expect(storageProblem("runs/a", systemError(code))).toEqual({ subject: "runs/a", code, message, help });
  });

  test("the path is the one that the system names, if it names one", () => {
    expect(storageProblem("folder", systemError("EIO", { path: "folder/file" })).subject).toBe("folder/file");
    expect(storageProblem("folder", systemError("EIO", { path: 7 })).subject).toBe("folder");
    expect(storageProblem("folder", systemError("EIO")).subject).toBe("folder");
  });

  test("what this program refuses itself looks the same, with the code in the message of its stack", () => {
    const error = new RefusedFile("ENOTFILE", "/dev/null");
    expect(error.message).toBe("ENOTFILE: it is not a regular file, '/dev/null'");
    expect(storageProblem("elsewhere", error)).toEqual({
      subject: "/dev/null",
      code: "ENOTFILE",
      message: "it is not a regular file",
      help: "name a regular file",
    });
  });
});

describe("an attempt", () => {
  test("gives what came of it", () => {
    expect(attempt("file", () => 7)).toEqual({ kind: "ok", value: 7 });
  });

  test("gives what the system refused as a value, and throws all else on", () => {
    const refused = attempt("file", () => {
      throw systemError("EROFS");
    });
    expect(refused).toMatchObject({ kind: "failed", problem: { subject: "file", code: "EROFS" } });
    expect(() =>
      attempt("file", () => {
        throw new TypeError("a mistake of ours");
      }),
    ).toThrow("a mistake of ours");
  });
});

test("an error of the system is given the path that its user knows; another is left as it is", () => {
  const error = systemError("EIO", { path: "/proc/self/fd/7" });
  expect(withPath(error, "file")).toBe(error);
  expect(error).toHaveProperty("path", "file");
  const other = new Error("a mistake of ours");
  expect(withPath(other, "file")).toBe(other);
  expect(other).not.toHaveProperty("path");
});
