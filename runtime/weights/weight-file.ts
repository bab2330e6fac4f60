import { constants, openSync } from "node:fs";
import { machineFiles, readAll } from "../files/index.ts";
import { FormatError } from "./format-error.ts";

/** A file that is open to be read at any place. */
export interface WeightFile {
  readonly path: string;
  readonly size: number;
  /** Fills an array with the bytes from a place on. Throws a FormatError where the file has become shorter. */
  readonly readInto: (into: Uint8Array, from: number) => void;
  readonly close: () => void;
}

/**
 * Opens a file; with `links` false not through a link. Neither a device nor a pipe can make it wait. Throws a FormatError
 * for what is no file, and what the file system says.
 */
export function openWeightFile(path: string, { links = true }: { readonly links?: boolean } = {}): WeightFile {
  const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (links ? 0 : constants.O_NOFOLLOW));
  const size = machineFiles.size(handle);
  const close = (): void => machineFiles.close(handle);
  if (size === null) {
    close();
    throw new FormatError(path, "it is not a file");
  }
  const readInto = (into: Uint8Array, from: number): void => {
    if (readAll(handle, into, from, machineFiles)) return;
    throw new FormatError(path, "it became shorter while it was read");
  };
  return { path, size, readInto, close };
}

/** The bytes of a file from one place up to another, in memory of their own. */
export function readPart(file: WeightFile, from: number, to: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  file.readInto(bytes, from);
  return bytes;
}
