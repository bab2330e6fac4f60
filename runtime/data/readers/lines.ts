import type { FileHandle } from "node:fs/promises";

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const bytesAtOnce = 2 ** 18;

/** The line, from 1, that a byte of a file stands on. */
export async function lineAt(handle: FileHandle, offset: number): Promise<number> {
  let line = 1;
  let before = 0;
  for (let at = 0; at < offset; ) {
    const length = Math.min(bytesAtOnce, offset - at);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) break;
    for (const byte of buffer.subarray(0, bytesRead)) {
      if (byte === carriageReturn || (byte === lineFeed && before !== carriageReturn)) line++;
      before = byte;
    }
    at += bytesRead;
  }
  return line;
}
