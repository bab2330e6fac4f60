import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { firstBadByte } from "../files/index.ts";
import { reasonOf } from "./reasons.ts";

/** Reads a text file of at most so many bytes, strictly as UTF-8; neither a device nor a pipe can make it wait. */
export function readSmallText(
  path: string,
  limitBytes: number,
): { readonly kind: "text"; readonly text: string } | { readonly kind: "wrong"; readonly rule: string } {
  let handle: number | null = null;
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(handle);
    if (!stat.isFile()) return { kind: "wrong", rule: "it is not a file" };
    if (stat.size > limitBytes) return { kind: "wrong", rule: `it has more than ${limitBytes / 2 ** 20} MiB` };
    const bytes = new Uint8Array(stat.size);
    let length = 0;
    for (let read = -1; length < bytes.length && read !== 0; length += read) {
      read = readSync(handle, bytes, length, bytes.length - length, length);
    }
    return decode(bytes.subarray(0, length));
  } catch (error) {
    return { kind: "wrong", rule: `it cannot be read: ${reasonOf(error)}` };
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

function decode(bytes: Uint8Array): ReturnType<typeof readSmallText> {
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: "wrong", rule: `it is not UTF-8: byte ${firstBadByte(bytes)} cannot be read` };
  }
}
