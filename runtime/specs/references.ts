import { readdirSync } from "node:fs";
import { join } from "node:path";
import { libraryFolder } from "./library-folder.ts";

/** A spec that comes with the program. */
export interface ReferenceSpec {
  /** As other specs import it: `specs/medct`. */
  readonly path: string;
  readonly file: string;
}

/** The specs that come with the program, by their paths; the library's files, which have no models, are not among them. */
export function referenceSpecs(library = libraryFolder()): readonly ReferenceSpec[] {
  const folder = join(library, "..");
  const folders = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && join(folder, entry.name) !== library,
  );
  return ["", ...folders.map(({ name }) => `${name}/`)]
    .flatMap((below) =>
      readdirSync(join(folder, below))
        .filter((name) => name.endsWith(".vlm"))
        .map((name) => ({ path: `specs/${below}${name.slice(0, -".vlm".length)}`, file: join(folder, below, name) })),
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
