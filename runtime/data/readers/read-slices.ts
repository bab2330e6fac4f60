import { stat } from "node:fs/promises";
import type { Result } from "../../text/index.ts";
import type { StoredFile } from "../archive-member.ts";
import { isDicomFile, readDicomSlices } from "./dicom/index.ts";
import { readNiftiSlices } from "./nifti.ts";
import { readNpySlices } from "./npy-volume.ts";
import type { Begin, Faults, ReadSlices } from "./volume.ts";

/**
 * Reads a volume, a NIfTI file, which may lie in an archive, a folder of DICOM files, or a NumPy array, slice by slice, and shows its slices to
 * what `begin` makes of its header; `begin` may refuse instead, with a fault. Memory is that of one slice and a few MiB. Gives
 * everything that is wrong with it before its voxels, or else the first thing in them; never throws for what a file holds or for
 * one that cannot be read.
 */
export async function readSlices<Made>(
  file: StoredFile,
  begin: Begin<Made>,
): Promise<Result<ReadSlices<Made>, Faults>> {
  if (typeof file === "string" && isArrayFile(file)) return readNpySlices(file, begin);
  const isSeries = typeof file === "string" && (await isDicom(file));
  return isSeries ? readDicomSlices(file, begin) : readNiftiSlices(file, begin);
}

/** Whether a file's name is that of a NumPy array, or of an archive of them. */
export function isArrayFile(path: string): boolean {
  return /\.np[yz]$/i.test(path);
}

/** Folders, and files of DICOM, which may be whole volumes; a file of another name is looked into. */
async function isDicom(path: string): Promise<boolean> {
  if (/\.nii(\.gz)?$/i.test(path)) return false;
  try {
    return (await stat(path)).isDirectory() || (await isDicomFile(path));
  } catch {
    // Reading it says why.
    return false;
  }
}
