import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let known: string | null = null;

/** The folder of the language's library: specs/std of the package or the repository that this file is run in. */
export function libraryFolder(): string {
  known ??= above(dirname(fileURLToPath(import.meta.url)));
  return known;
}

function above(folder: string): string {
  const library = join(folder, "specs/std");
  if (existsSync(join(folder, "package.json")) && existsSync(library)) return library;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("specs/std is missing; install medctc again");
  return above(parent);
}
