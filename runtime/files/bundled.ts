import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of dist/ that is no code of this bundle; where it is missing, a checkout was not built. */
export function bundledFile(name: string): string {
  const file = findBundledFile(name);
  if (file === null) throw new Error(`dist/${name} is missing; run npm run build`);
  return file;
}

/** The same, or null: beside the bundle, or, for code that runs from a checkout, in its dist/. */
export function findBundledFile(name: string): string | null {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const place of [here, dirname(here)]) if (existsSync(join(place, name))) return join(place, name);
  for (let folder = here; ; folder = dirname(folder)) {
    const file = join(folder, "dist", name);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return null;
  }
}
