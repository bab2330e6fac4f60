import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import { type FileSystem, machineFiles, writeAll } from "./file-system.ts";
import { withPath } from "./storage-problem.ts";
import { writeThrough } from "./write-through.ts";

/** A file's content: a text, or bytes, or bytes in pieces that need not be in memory together. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Writes a file so that a reader sees the old content or the new, never a part: into a temporary file beside it, on
 * disk, then renamed. The file's permissions stay, and a link to it still leads to it. Only a regular file is ever renamed
 * over: a character device or a pipe is written to, a disk, a socket or a folder refused. Throws what the file system says; the
 * old content is then intact.
 */
export function writeAtomically(path: string, content: Content, files: FileSystem = machineFiles): void {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status !== undefined && !status.isFile()) writeThrough(path, status, piecesOf(content));
    else replace(behindLinks(path), content, status?.mode ?? 0o666, files);
  } catch (error) {
    // The user knows the file, not the temporary one beside it.
    throw withPath(error, path);
  }
}

function replace(path: string, content: Content, mode: number, files: FileSystem): void {
  // Threads of one process may write the same file at once.
  const writer = isMainThread ? `${process.pid}` : `${process.pid}-${threadId}`;
  const temporary = join(dirname(path), `.${shortened(basename(path))}.${writer}.tmp`);
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

/** Where the links at the end of a path lead; a link that leads nowhere is refused as a file that is not there. */
function behindLinks(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? realpathSync(path) : path;
}

/** A name to which the temporary file's own parts can be added: file systems take 255 bytes, and a character has up to four. */
function shortened(name: string): string {
  const longest = 200;
  return Buffer.byteLength(name) <= longest ? name : name.slice(0, longest / 4);
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
