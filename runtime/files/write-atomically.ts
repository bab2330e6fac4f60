import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import { type FileSystem, machineFiles, writeAll } from "./file-system.ts";

/** A file's content: a text, or bytes, or bytes in pieces that need not be in memory together. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Writes a file so that a reader sees the old content or the new, never a part: into a temporary file beside it, on
 * disk, then renamed. The file's permissions stay. Throws what the file system says; the old content is then intact.
 */
export function writeAtomically(path: string, content: Content, files: FileSystem = machineFiles): void {
  // Threads of one process may write the same file at once.
  const writer = isMainThread ? `${process.pid}` : `${process.pid}-${threadId}`;
  const temporary = join(dirname(path), `.${basename(path)}.${writer}.tmp`);
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0o666;
  try {
    // In a container a process often has the number of the one before it, which may have left this file.
    files.remove(temporary);
    writeDurably(temporary, content, files, mode);
    files.rename(temporary, path);
  } catch (error) {
    removeQuietly(temporary, files);
    throw error;
  }
}

/** Writes a file that is not there yet, and waits until its content is on disk. Throws what the file system says. */
export function writeDurably(path: string, content: Content, files: FileSystem, mode = 0o666): void {
  const handle = files.create(path, mode);
  try {
    for (const piece of piecesOf(content)) writeAll(handle, piece, files);
    files.sync(handle);
  } finally {
    files.close(handle);
  }
}

function piecesOf(content: Content): Iterable<Uint8Array> {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}

/** Removes what is of no use; that it could not be removed says nothing that the failure before has not said. */
export function removeQuietly(path: string, files: FileSystem): void {
  try {
    files.remove(path);
  } catch {
    // What stays is removed at the next start.
  }
}
