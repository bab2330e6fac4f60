/** Why something could not be written or read, and what to do about it. */
export interface StorageProblem {
  readonly path: string;
  /** The system's name of the error, such as `ENOSPC`, or `DAMAGED` for content that is not what was written. */
  readonly code: string;
  readonly reason: string;
  readonly help: string;
}

/** What came of something that the file system may refuse. */
export type Attempt<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "failed"; readonly problem: StorageProblem };

/** Does something with the file system; what it refuses is a value, what else is thrown is thrown on. */
export function attempt<Value>(path: string, work: () => Value): Attempt<Value> {
  try {
    return { kind: "done", value: work() };
  } catch (error) {
    return { kind: "failed", problem: storageProblem(path, error) };
  }
}

/** What the file system refused; throws what is no refusal of it. */
export function storageProblem(path: string, error: unknown): StorageProblem {
  const code = errorCode(error);
  if (code === null) throw error;
  // The system knows best which of several files it was.
  const named = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : path;
  return { path: named, code, reason: reasonOf(code), help: helps.get(code) ?? otherHelp };
}

/** The system's name of an error, such as `ENOSPC`; null for what is no error of the system. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : null;
}

/** An error of the system in words. */
export function reasonOf(code: string): string {
  return reasons.get(code) ?? code;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["ELOOP", "its links lead in a circle"],
  ["ENAMETOOLONG", "its name is too long"],
  ["ENOENT", "it is not there"],
  ["ENOTDIR", "a part of its path is no folder"],
  ["EISDIR", "it is a folder"],
  ["EEXIST", "it is there already"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["EFBIG", "the file is larger than its disk allows"],
  ["EROFS", "the disk can only be read"],
  ["EIO", "the disk failed"],
  ["EMFILE", "this program has too many files open"],
  ["ENFILE", "the machine has too many files open"],
  ["ESTALE", "the network disk was lost"],
]);

const freeSpace = "free some space on that disk, or use a folder on another one";
const permit = "make it writable for this user, or use another folder";
const fewerFiles = "raise the limit of open files (`ulimit -n`)";
const checkDisk = "see whether the disk is healthy and still there; the system's log may say more";

const helps: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", freeSpace],
  ["EDQUOT", freeSpace],
  ["EFBIG", "use a folder on a disk that takes larger files"],
  ["EACCES", permit],
  ["EPERM", permit],
  ["EROFS", "mount the disk so that it can be written, or use another folder"],
  ["EMFILE", fewerFiles],
  ["ENFILE", fewerFiles],
  ["EIO", checkDisk],
  ["ESTALE", checkDisk],
  ["ENOENT", "see whether its folder was moved or removed, or its disk taken away"],
]);

const otherHelp = "see whether its disk is there and can be written, or use another folder";
