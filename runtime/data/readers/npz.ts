import { FormatError, openWeightFile, readZip } from "../../weights/index.ts";
import type { StoredFile } from "../archive-member.ts";
import { openVolumeFile, readable, UnreadableFile } from "./volume-bytes.ts";

/** An array as NumPy wrote it: a file, or a part of a zip archive. */
export interface StoredArray {
  /** What the archive calls it; null for a file of its own. */
  readonly name: string | null;
  readonly file: StoredFile;
  readonly packing: "none" | "deflate";
  /** Bytes of the file, unpacked. */
  readonly bytes: number;
  /** Null where nothing states it. */
  readonly checksum: number | null;
}

/** The arrays of a `.npy` file, which is one, or of a `.npz` archive. Throws an UnreadableFile. */
export async function arraysIn(path: string): Promise<readonly StoredArray[]> {
  const { handle, bytes } = await openVolumeFile(path);
  const first = new Uint8Array(2);
  try {
    await handle.read(first, 0, 2, 0);
  } catch (error) {
    throw readable(error);
  } finally {
    await handle.close();
  }
  // "PK", with which zip archives start.
  const isArchive = first[0] === 0x50 && first[1] === 0x4b;
  return isArchive ? membersOf(path) : [{ name: null, file: path, packing: "none", bytes, checksum: null }];
}

function membersOf(path: string): readonly StoredArray[] {
  try {
    const file = openWeightFile(path);
    try {
      return [...readZip(file)].flatMap(([member, { from, to, packing, bytes, checksum }]) => {
        if (!/\.npy$/.test(member)) return [];
        const name = member.slice(0, -".npy".length);
        if (packing === "other") {
          throw new UnreadableFile(
            `its array \`${name}\` is compressed by another method than numpy.savez_compressed's`,
          );
        }
        return [{ name, file: { path, name: member, offset: from, bytes: to - from }, packing, bytes, checksum }];
      });
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof FormatError) throw new UnreadableFile(error.problem.message, error.problem.help);
    throw readable(error);
  }
}
