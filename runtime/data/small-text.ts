import { errorCode, firstBadByte, readFileBytes } from "../files/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { type Fault, fault } from "./problem.ts";
import { reasonOf } from "./reasons.ts";

/** Reads a text file of at most so many bytes, strictly as UTF-8. */
export function readSmallText(path: string, limitBytes: number): Result<string, Fault> {
  const bytes = readSmallFile(path, limitBytes);
  return bytes.kind === "failed" ? bytes : decodeStrictly(bytes.value);
}

/** Reads a file of at most so many bytes; neither a device nor a pipe can make it wait. */
export function readSmallFile(path: string, limitBytes: number): Result<Uint8Array<ArrayBuffer>, Fault> {
  try {
    return ok(readFileBytes(path, limitBytes));
  } catch (error) {
    switch (errorCode(error)) {
      case "ENOTFILE":
      case "EISDIR":
        return failed(fault("it is not a file"));
      case "ETOOLARGE":
        return failed(fault(`it has more than ${limitBytes / 2 ** 20} MiB`));
      default:
        return failed(fault(`it cannot be read: ${reasonOf(error)}`));
    }
  }
}

/** Text of UTF-8, or the first byte that is none. */
export function decodeStrictly(bytes: Uint8Array): Result<string, Fault> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return failed(fault(`it is not UTF-8: byte ${firstBadByte(bytes)} is invalid`));
  }
}
