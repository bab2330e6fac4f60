import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { type Diagnostic, report, type Span } from "../../grammar/index.ts";
import { errorCode, reasonOf } from "./storage-problem.ts";

/** Bytes that a spec may have. */
const limitBytes = 4 * 1024 * 1024;

/** A text, or what is wrong with its file; the diagnostic points at an import when one led here. */
export type TextFile =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: (where: Span | string) => Diagnostic };

/** Why the file that a command names has no text. */
export function whyUnread(file: Exclude<TextFile, { readonly kind: "text" }>, path: string): Diagnostic {
  return file.kind === "missing" ? report("file-not-found", path, { path }) : file.problem(path);
}

/** Reads a text file of at most 4 MiB, strictly as UTF-8; neither a device nor a pipe can make it wait or fill memory. */
export function readText(path: string): TextFile {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return openFailure(path, error);
  }
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) return unreadable((where) => report("is-directory", where, { path }));
    if (!stat.isFile())
      return unreadable((where) => report("not-readable", where, { path, reason: "it is not a file" }));
    const bytes = readAtMost(file, stat.size, limitBytes + 1);
    return bytes.length > limitBytes ? tooLarge(path) : decodeText(bytes, path);
  } catch (error) {
    return openFailure(path, error);
  } finally {
    closeSync(file);
  }
}

/** Bytes as text, or what is wrong with them. */
export function decodeText(bytes: Uint8Array, path: string): TextFile {
  if (bytes.length > limitBytes) return tooLarge(path);
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return unreadable((where) => report("not-utf8", where, { path, offset: firstBadByte(bytes) }));
  }
}

/**
 * The bytes of a file, up to a limit. Its size is what to expect and no more: it may grow, and systems say 0 for files that
 * they make up. Memory for the limit itself, for each of a spec's imports, would be most of what checking the spec takes.
 */
function readAtMost(file: number, expected: number, limit: number): Uint8Array {
  let buffer = new Uint8Array(Math.min(expected + 1, limit));
  let length = 0;
  while (length < limit) {
    if (length === buffer.length) {
      const longer = new Uint8Array(Math.min(2 * length + 4096, limit));
      longer.set(buffer);
      buffer = longer;
    }
    const count = readSync(file, buffer, length, buffer.length - length, null);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/** The offset of the first character that cannot be read, found by halving. */
export function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isWellFormed(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  // What goes well so far may end within a character, of at most four bytes.
  while (!isWellFormed(bytes.subarray(0, good), false)) good--;
  return good;
}

/** True for a UTF-8 text; one that is `cut` may end within a character. */
function isWellFormed(bytes: Uint8Array, cut: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: cut });
    return true;
  } catch {
    return false;
  }
}

function unreadable(problem: (where: Span | string) => Diagnostic): TextFile {
  return { kind: "unreadable", problem };
}

function tooLarge(path: string): TextFile {
  return unreadable((where) => report("file-too-large", where, { path, limitMiB: limitBytes / 1024 ** 2 }));
}

function openFailure(path: string, error: unknown): TextFile {
  const code = errorCode(error) ?? "UNKNOWN";
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
  if (code === "EISDIR") return unreadable((where) => report("is-directory", where, { path }));
  return unreadable((where) => report("not-readable", where, { path, reason: reasonOf(code) }));
}
