import { closeSync, constants, openSync, type Stats, writeSync } from "node:fs";
import { errorCode, RefusedFile } from "./storage-problem.ts";

/**
 * Writes to what is there already and is not a regular file: a character device such as /dev/null, or a pipe that somebody reads
 * from. A disk would lose its content, and a socket or a folder cannot be written to.
 */
export function writeThrough(path: string, status: Stats, pieces: Iterable<Uint8Array>): void {
  if (status.isBlockDevice()) throw new RefusedFile("EDISK", path);
  if (status.isSocket()) throw new RefusedFile("ESOCKET", path);
  const handle = openToWrite(path, status);
  try {
    for (const piece of pieces) {
      for (let done = 0; done < piece.length; ) done += writeSync(handle, piece, done);
    }
  } finally {
    closeSync(handle);
  }
}

/** Opens it without waiting for a reader, and then to be written as fast as that reader reads. */
function openToWrite(path: string, status: Stats): number {
  const flags = constants.O_WRONLY | constants.O_NOCTTY;
  if (!status.isFIFO()) return openSync(path, flags);
  try {
    const trial = openSync(path, flags | constants.O_NONBLOCK);
    try {
      return openSync(path, flags);
    } finally {
      closeSync(trial);
    }
  } catch (error) {
    throw errorCode(error) === "ENXIO" ? new RefusedFile("ENOREADER", path) : error;
  }
}
