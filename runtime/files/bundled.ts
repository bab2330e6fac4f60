import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of dist/ that is no code of this bundle: beside the bundle, or, for code that runs from a checkout, in its dist/. */
export function bundledFile(name: string): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const place of [here, dirname(here)]) if (existsSync(join(place, name))) return join(place, name);
  for (let folder = here; ; folder = dirname(folder)) {
    const file = join(folder, "dist", name);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) throw new Error(`dist/${name} is missing; run npm run build`);
  }
}
