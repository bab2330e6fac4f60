import { machineFiles } from "./file-system.ts";
import { RefusedFile, withPath } from "./storage-problem.ts";

/** Bytes that are read at once. */
const bytesAtOnce = 2 ** 20;

/** Bytes of a line; a longer one is left out. */
const longestLine = 2 ** 20;

const newline = 0x0a;

/**
 * The lines of a regular file that are ended, read in pieces, however many they are; a line of more than a MiB is left out. Bytes
 * that are not UTF-8 are replaced. Throws what the file system says, with the path.
 */
export function* readLines(path: string): Generator<string, void, undefined> {
  try {
    const handle = machineFiles.open(path);
    try {
      if (machineFiles.size(handle) === null) throw new RefusedFile("ENOTFILE", path);
      yield* linesOf(handle);
    } finally {
      machineFiles.close(handle);
    }
  } catch (error) {
    throw withPath(error, path);
  }
}

function* linesOf(handle: number): Generator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = new Uint8Array();
  let isTooLong = false;
  const buffer = new Uint8Array(bytesAtOnce);
  let offset = 0;
  for (let count = -1; count !== 0; offset += count) {
    count = machineFiles.read(handle, buffer, offset);
    let start = 0;
    for (let end = buffer.indexOf(newline); end !== -1 && end < count; end = buffer.indexOf(newline, start)) {
      const piece = buffer.subarray(start, end);
      if (!isTooLong) yield decoder.decode(rest.length === 0 ? piece : joined(rest, piece));
      rest = new Uint8Array();
      isTooLong = false;
      start = end + 1;
    }
    isTooLong ||= rest.length + count - start > longestLine;
    rest = isTooLong ? new Uint8Array() : joined(rest, buffer.subarray(start, count));
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
