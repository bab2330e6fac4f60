import type { Dirent } from "node:fs";
import { type FileHandle, readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareNaturally } from "../../natural-order.ts";
import { openVolumeFile } from "../volume-bytes.ts";
import { hasDicomMark } from "./dicom-file.ts";

/** Files in a folder that may be DICOM: not those of editors and file systems. Throws what the file system says. */
export async function filesIn(folder: string): Promise<readonly string[]> {
  return namesOf(await readdir(folder, { withFileTypes: true }));
}

/**
 * Whether a folder holds DICOM files, by the entries in it: their names end with .dcm, .dicom or .ima, or the first of those
 * whose names have no ending, or else the first of all, starts as DICOM does. Opens one file at most, and none where volumes
 * of another kind are.
 */
export async function isDicomFolder(folder: string, entries: readonly Dirent[]): Promise<boolean> {
  const names = namesOf(entries);
  if (names.some((name) => /\.nii(\.gz)?$/i.test(name))) return false;
  if (names.some((name) => /\.(dcm|dicom|ima)$/i.test(name))) return true;
  const first = names.find((name) => !/\.[a-z][a-z0-9]{0,7}$/i.test(name)) ?? names[0];
  return first !== undefined && (await isDicomFile(join(folder, first)));
}

/** Whether a file starts as DICOM does; false for what cannot be read. */
export async function isDicomFile(path: string): Promise<boolean> {
  let handle: FileHandle | null = null;
  try {
    ({ handle } = await openVolumeFile(path));
    const start = Buffer.alloc(132);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    return hasDicomMark(start.subarray(0, bytesRead));
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}

function namesOf(entries: readonly Dirent[]): readonly string[] {
  return entries
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort(compareNaturally);
}
