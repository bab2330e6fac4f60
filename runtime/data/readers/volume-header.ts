import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { gunzipSync, constants as zlib } from "node:zlib";
import { failed } from "../../text/index.ts";
import type { StoredFile } from "../archive-member.ts";
import { fault } from "../problem.ts";
import { headerBytes, parseNiftiHeader } from "./nifti-header.ts";
import { isArrayFile, readSlices } from "./read-slices.ts";
import type { VolumeHeader } from "./volume.ts";

/** A header's bytes are among the first of these, however well they are packed. */
const firstBytes = 4096;
/** What so few bytes unpack to at most. */
const longestOutput = 2000 * firstBytes;

/** The header of a volume's file, of which only the start is read; null where reading the volume will say what is wrong. */
export async function readVolumeHeader(file: StoredFile): Promise<VolumeHeader | null> {
  const [path, start, bytes] = typeof file === "string" ? [file, 0, firstBytes] : [file.path, file.offset, file.bytes];
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat();
      if (stat.isDirectory()) return await headerAlone(path);
      if (!stat.isFile()) return null;
      if (typeof file === "string" && isArrayFile(file)) return await headerAlone(file);
      const { bytesRead, buffer } = await handle.read(
        new Uint8Array(firstBytes),
        0,
        Math.min(firstBytes, bytes),
        start,
      );
      const header = parseNiftiHeader(unpacked(buffer.subarray(0, bytesRead)).subarray(0, headerBytes[2]));
      return header.kind === "ok" ? header.value : null;
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}

/** What the slices of a folder say together, before their pixels, or the header of an array that lies in an archive. */
async function headerAlone(path: string): Promise<VolumeHeader | null> {
  const found: VolumeHeader[] = [];
  await readSlices(path, (header) => {
    found.push(header);
    return failed(fault("its header is all that is read here"));
  });
  return found[0] ?? null;
}

/** The start of a file as it is unpacked, as far as these bytes go. */
function unpacked(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: longestOutput });
}
