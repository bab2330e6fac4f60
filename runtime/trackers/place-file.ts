import { constants, copyFileSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { kindOfPath, machineFiles, RefusedFile, removeQuietly, writeAtomically } from "../files/index.ts";
import type { TrackedFile } from "./tracked-run.ts";

/** Puts a file of a run into a folder, so that a reader sees the old one or the new. Throws what the file system says. */
export function placeFile(folder: string, { name, content }: TrackedFile): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  if (content.kind === "text") writeAtomically(path, content.text);
  else copyAtomically(content.path, path);
}

function copyAtomically(from: string, path: string): void {
  // A pipe would never end.
  if (kindOfPath(from) !== "file") throw new RefusedFile("ENOTFILE", from);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    copyFileSync(from, temporary, constants.COPYFILE_FICLONE);
    machineFiles.rename(temporary, path);
  } catch (error) {
    removeQuietly(temporary, machineFiles);
    throw error;
  }
}
