import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode, RefusedFile, withPath } from "./storage-problem.ts";

/** How a system says that TMPDIR is no folder for this user. */
const unusable: ReadonlySet<string> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EACCES",
  "EPERM",
  "EROFS",
  "ELOOP",
  "ENAMETOOLONG",
]);

/** Makes a folder for files that are needed while a command runs, with a name of its own that starts so. */
export function makeTemporaryFolder(name: string): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, `${name}-`));
  } catch (error) {
    throw unusable.has(errorCode(error) ?? "") ? new RefusedFile("ENOTEMP", parent) : withPath(error, parent);
  }
}
