import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

let known: string | null = null;

/** The folder of the language's library, specs/std: beside dist/, or where the sources themselves are run. */
export function libraryFolder(): string {
  if (known !== null) return known;
  const folders = ["../specs/std/", "../../specs/std/"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined) throw new Error("specs/std is missing; install medctc again");
  known = found;
  return found;
}
