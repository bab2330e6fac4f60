import { failed, ok, type Problem, type Result } from "../text/index.ts";

/** Why something could not be written or read; its subject is the path. */
export interface StorageProblem extends Problem {
  /** The system's name of the error, such as `ENOSPC`, or `DAMAGED` for content that is not what was written. */
  readonly code: string;
  readonly help: string;
}

/** What came of something that the file system may refuse. */
export type Attempt<Value> = Result<Value, StorageProblem>;

/** Does something with the file system; what it refuses is a value, what else is thrown is thrown on. */
export function attempt<Value>(path: string, work: () => Value): Attempt<Value> {
  try {
    return ok(work());
  } catch (error) {
    return failed(storageProblem(path, error));
  }
}

/** True for what a system refuses, be it a file, a process or a thread. */
export function isSystemError(error: unknown): boolean {
  return refusalOf(error) !== null;
}

/** What the system refused; throws what is no refusal of it. */
export function storageProblem(path: string, error: unknown): StorageProblem {
  const code = refusalOf(error);
  if (code === null) throw error;
  // The system knows best which of several files it was.
  const named = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : path;
  return { subject: named, code, message: reasonOf(code), help: helps.get(code) ?? otherHelp };
}

/** What the file system would say if it knew what this program does not read or write. */
export class RefusedFile extends Error {
  readonly code: RefusalCode;
  readonly path: string;

  constructor(code: RefusalCode, path: string) {
    super(`${code}: ${refusals[code]}, '${path}'`);
    this.code = code;
    this.path = path;
  }
}

/** Refusals in words; most are nothing that systems have a name for. */
const refusals = {
  EISDIR: "it is a folder",
  ENOTFILE: "it is not a regular file",
  EDISK: "it is a disk; writing would destroy its contents",
  ESOCKET: "it is a socket",
  ENOREADER: "this pipe has no reader",
  ENOHOME: "this user has no home folder",
  ENOTEMP: "temporary files cannot be written there",
  ETOOLARGE: "it is too large for such a file",
} as const;

type RefusalCode = keyof typeof refusals;

/** An error of the system, naming the file that its user knows. */
export function withPath(error: unknown, path: string): unknown {
  return errorCode(error) === null || !(error instanceof Error) ? error : Object.assign(error, { path });
}

/** The system's name of an error, such as `ENOSPC`; null for what is no error of the system. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : null;
}

/** The same of errors that only quote the system's, as that of a thread that could not be started. */
function refusalOf(error: unknown): string | null {
  const code = errorCode(error);
  if (code !== null || !(error instanceof Error && "code" in error)) return code;
  if (error.code === "ERR_FS_FILE_TOO_LARGE") return "ETOOLARGE";
  return error.code === "ERR_WORKER_INIT_FAILED" ? (/\bE[A-Z]+$/.exec(error.message)?.[0] ?? "EAGAIN") : null;
}

/** An error of the system in words. */
export function reasonOf(code: string): string {
  return reasons.get(code) ?? code;
}

const reasons: ReadonlyMap<string, string> = new Map<string, string>([
  ...Object.entries(refusals),
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["ELOOP", "its symbolic links form a loop"],
  ["ENAMETOOLONG", "its name is too long"],
  ["ENOENT", "it does not exist"],
  ["ENOTDIR", "a part of its path is not a folder"],
  ["EEXIST", "it already exists"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is exceeded"],
  ["EFBIG", "the file is larger than the disk or its limit allows"],
  ["EROFS", "the disk is read-only"],
  ["EIO", "the disk failed"],
  ["EMFILE", "this program has too many files open"],
  ["ENFILE", "the machine has too many files open"],
  ["ESTALE", "the network disk is gone"],
  ["EAGAIN", "the system cannot start more processes or threads for this user"],
  ["ENOMEM", "memory ran out"],
  ["EPIPE", "its reader has closed it"],
  ["ENXIO", "this device has no hardware, or this pipe has no reader"],
]);

const freeSpace = "free some space on that disk, or use a folder on another one";
const permit = "let this user read and write it, or use another path";
const nameAnother = "name a regular file";
const fewerFiles = "raise the limit of open files (`ulimit -n`)";
const checkDisk = "check that the disk is healthy and mounted; the system's log may say more";

const helps: ReadonlyMap<string, string> = new Map([
  ["ENOSPC", freeSpace],
  ["EDQUOT", freeSpace],
  ["EFBIG", "use a folder on a disk that takes larger files"],
  ["EACCES", permit],
  ["EPERM", permit],
  ["EROFS", "mount the disk writable, or use another folder"],
  ["EMFILE", fewerFiles],
  ["ENFILE", fewerFiles],
  ["EIO", checkDisk],
  ["ESTALE", checkDisk],
  ["EAGAIN", "end other programs, or raise the limit (`ulimit -u`)"],
  ["ENOMEM", "end other programs, or use a machine with more memory"],
  ["ELOOP", "check where its links lead (`readlink -f`)"],
  ["ENAMETOOLONG", "use a shorter name"],
  ["ENOTDIR", "check which part of the path is a file"],
  ["EISDIR", nameAnother],
  ["ENOTFILE", nameAnother],
  ["EDISK", nameAnother],
  ["ESOCKET", nameAnother],
  ["ENOREADER", "start its reader first"],
  ["ENOHOME", "set a cache folder: export MEDCTC_CACHE=FOLDER"],
  ["ENOTEMP", "set another folder: export TMPDIR=FOLDER"],
  ["ETOOLARGE", "check that it is the right file"],
  ["ENOENT", "check whether its folder was moved or removed, or its disk unmounted"],
]);

const otherHelp = "check that its disk is mounted and writable, or use another folder";
