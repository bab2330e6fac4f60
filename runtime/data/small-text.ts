import { errorCode, firstBadByte, readFileBytes } from "../files/index.ts";
import { reasonOf } from "./reasons.ts";

/** Reads a text file of at most so many bytes, strictly as UTF-8; neither a device nor a pipe can make it wait. */
export function readSmallText(
  path: string,
  limitBytes: number,
): { readonly kind: "text"; readonly text: string } | { readonly kind: "wrong"; readonly rule: string } {
  try {
    return decode(readFileBytes(path, limitBytes));
  } catch (error) {
    switch (errorCode(error)) {
      case "ENOTFILE":
      case "EISDIR":
        return { kind: "wrong", rule: "it is not a file" };
      case "ETOOLARGE":
        return { kind: "wrong", rule: `it has more than ${limitBytes / 2 ** 20} MiB` };
      default:
        return { kind: "wrong", rule: `it cannot be read: ${reasonOf(error)}` };
    }
  }
}

function decode(bytes: Uint8Array): ReturnType<typeof readSmallText> {
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { kind: "wrong", rule: `it is not UTF-8: byte ${firstBadByte(bytes)} cannot be read` };
  }
}
