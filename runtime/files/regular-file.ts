import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { RefusedFile, withPath } from "./storage-problem.ts";

/** Bytes that are read by one call: systems refuse, or cut, more than 2 GiB. */
const bytesAtOnce = 2 ** 26;

/** The largest of the small files that this program writes for itself, such as a log of steps. */
const largestOwnFile = 2 ** 28;

/**
 * Does something with a regular file that is open to be read, and closes it. Neither a device nor a pipe can make it wait: both
 * are refused. Throws what the file system says, with the path.
 */
export function withRegularFile<Value>(path: string, work: (handle: number, status: Stats) => Value): Value {
  try {
    const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(handle);
      if (!status.isFile()) throw new RefusedFile(status.isDirectory() ? "EISDIR" : "ENOTFILE", path);
      return work(handle, status);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw withPath(error, path);
  }
}

/** All bytes of a regular file, which it may have at most so many of. Throws what the file system says, with the path. */
export function readFileBytes(path: string, limitBytes = largestOwnFile): Uint8Array<ArrayBuffer> {
  return withRegularFile(path, (handle, { size }) => {
    if (size > limitBytes) throw new RefusedFile("ETOOLARGE", path);
    const bytes = new Uint8Array(size);
    let length = 0;
    for (let count = -1; count !== 0 && length < size; length += count) {
      count = readSync(handle, bytes, length, Math.min(bytesAtOnce, size - length), length);
    }
    return bytes.subarray(0, length);
  });
}

/** The same as text, in which bytes that are not UTF-8 are replaced. */
export function readFileText(path: string, limitBytes = largestOwnFile): string {
  return new TextDecoder().decode(readFileBytes(path, limitBytes));
}

/** What is at a path, behind its links. What cannot be looked at counts as absent: opening it says why. */
export function kindOfPath(path: string): "absent" | "file" | "folder" | "other" {
  try {
    const status = statSync(path);
    return status.isFile() ? "file" : status.isDirectory() ? "folder" : "other";
  } catch {
    return "absent";
  }
}
