import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";

/**
 * What is asked of the file system by what must survive a full disk or a lost one, so that a test can let any call fail.
 * Each function throws what Node.js throws.
 */
export interface FileSystem {
  /** Makes a folder and those that it is in; one that is there stays. */
  readonly makeFolder: (path: string) => void;
  /** The names in a folder. */
  readonly list: (path: string) => readonly string[];
  /** Opens a file that is not there yet, to be written at its end, also after it was made shorter. */
  readonly create: (path: string, mode: number) => number;
  /** Opens a file to be written at its end, or makes it; a pipe that nobody reads from cannot make it wait. */
  readonly append: (path: string) => number;
  /** Opens a file or a folder to be read; neither a device nor a pipe can make it wait. */
  readonly open: (path: string) => number;
  /** The bytes of an open file; null for what is no file. */
  readonly size: (handle: number) => number | null;
  /** Reads from a place of the file on; gives how many bytes were read. */
  readonly read: (handle: number, into: Uint8Array, at: number) => number;
  /** Writes what comes next; gives how many bytes were written. */
  readonly write: (handle: number, bytes: Uint8Array) => number;
  readonly truncate: (handle: number, length: number) => void;
  /** Waits until an open file, or the names in an open folder, are on disk. */
  readonly sync: (handle: number) => void;
  readonly close: (handle: number) => void;
  readonly rename: (from: string, to: string) => void;
  /** Removes a file, or a folder with all that is in it; what is not there is removed already. */
  readonly remove: (path: string) => void;
}

/** The file system of this machine. */
export const machineFiles: FileSystem = {
  makeFolder: (path) => void mkdirSync(path, { recursive: true }),
  list: (path) => readdirSync(path),
  create: (path, mode) => openSync(path, "ax", mode),
  append: (path) => openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK),
  open: (path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
  size: (handle) => {
    const status = fstatSync(handle);
    return status.isFile() ? status.size : null;
  },
  read: (handle, into, at) => readSync(handle, into, 0, into.length, at),
  write: (handle, bytes) => writeSync(handle, bytes),
  truncate: (handle, length) => ftruncateSync(handle, length),
  sync: (handle) => fsyncSync(handle),
  close: (handle) => closeSync(handle),
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { recursive: true, force: true }),
};

/** Bytes that are read or written by one call: systems refuse, or cut, more than 2 GiB. */
const bytesAtOnce = 2 ** 26;

/** Writes bytes as a whole, however few the system takes at once. */
export function writeAll(handle: number, bytes: Uint8Array, files: FileSystem): void {
  for (let done = 0; done < bytes.length; ) {
    done += files.write(handle, bytes.subarray(done, done + bytesAtOnce));
  }
}

/** Fills an array with what stands in an open file from a place on; false when the file ends before. */
export function readAll(handle: number, into: Uint8Array, at: number, files: FileSystem): boolean {
  for (let done = 0; done < into.length; ) {
    const count = files.read(handle, into.subarray(done, done + bytesAtOnce), at + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}

/** The bytes of a file, at most so many; null when it has more, or is no file. */
export function readBytes(path: string, limitBytes: number, files: FileSystem): Uint8Array | null {
  const handle = files.open(path);
  try {
    const size = files.size(handle);
    if (size === null || size > limitBytes) return null;
    const bytes = new Uint8Array(size);
    return readAll(handle, bytes, 0, files) ? bytes : null;
  } finally {
    files.close(handle);
  }
}

/** Waits until the names in a folder are on disk. Windows does so by itself and opens no folder. */
export function syncFolder(path: string, files: FileSystem): void {
  if (process.platform === "win32") return;
  const handle = files.open(path);
  try {
    files.sync(handle);
  } finally {
    files.close(handle);
  }
}
