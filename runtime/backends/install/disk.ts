import { mkdirSync, statfsSync } from "node:fs";
import { SetupError } from "./setup-error.ts";

/** Throws a SetupError where a folder, which is made, has not that many bytes of free disk. */
export function requireDisk(folder: string, bytes: number): void {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  const [free, needed] = [bavail * bsize, bytes].map((each) => `${(each / 1e9).toFixed(1)} GB`);
  throw new SetupError(
    `${folder} has ${free ?? ""} of free disk, and ${needed ?? ""} are needed`,
    "make room, or name another folder with MEDCTC_CACHE",
  );
}
