import { constants, openSync } from "node:fs";
import { machineFiles, readAll } from "../files/index.ts";
import { FormatError } from "./format-error.ts";

/** A file that is open to be read at any place. */
export class WeightFile {
  readonly path: string;
  readonly size: number;
  private readonly handle: number;

  private constructor(path: string, handle: number, size: number) {
    this.path = path;
    this.handle = handle;
    this.size = size;
  }

  /**
   * Opens a file; with `links` false not through a link. Neither a device nor a pipe can make it wait. Throws a FormatError
   * for what is no file, and what the file system says.
   */
  static open(path: string, { links = true }: { readonly links?: boolean } = {}): WeightFile {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (links ? 0 : constants.O_NOFOLLOW);
    const handle = openSync(path, flags);
    const size = machineFiles.size(handle);
    if (size !== null) return new WeightFile(path, handle, size);
    machineFiles.close(handle);
    throw new FormatError(path, "it is not a file");
  }

  /** The bytes from one place up to another. Throws a FormatError where the file has become shorter. */
  read(from: number, to: number): Uint8Array {
    const bytes = new Uint8Array(to - from);
    this.readInto(bytes, from);
    return bytes;
  }

  /** Fills an array with the bytes from a place on. */
  readInto(into: Uint8Array, from: number): void {
    if (readAll(this.handle, into, from, machineFiles)) return;
    throw new FormatError(this.path, "it became shorter while it was read");
  }

  close(): void {
    machineFiles.close(this.handle);
  }
}
