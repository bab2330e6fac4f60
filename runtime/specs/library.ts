import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { FilePlace, Library, ReadResult } from "../../compiler/index.ts";
import { readText } from "../files/index.ts";
import { isWithin, type Project, projectOf, realPath } from "./project.ts";
import { referenceSpecs } from "./references.ts";

/** The files that a spec can import: the library and the specs that come with the program, and what lies in the spec's project. */
export class SpecLibrary implements Library {
  private readonly libraryFolder: string;
  private readonly specFolder: string;
  /** The texts of files of the project that were imported, by their paths. */
  readonly imported = new Map<string, string>();
  /** The texts of specs that come with the program. */
  readonly references = new Map<string, string>();
  private known: Project | null = null;

  constructor(libraryFolder: string, specPath: string) {
    this.libraryFolder = libraryFolder;
    this.specFolder = dirname(specPath);
  }

  read(place: FilePlace): ReadResult {
    switch (place.kind) {
      case "library": {
        const file = readText(join(this.libraryFolder, `${place.name}.vlm`));
        if (file.kind === "missing") return this.readMoved(place.name) ?? file;
        return file.kind === "text" ? { ...file, name: `std/${place.name}.vlm` } : file;
      }
      case "reference": {
        // Not `specs/...`, which may be a file of the project.
        const name = `medctc/specs/${place.name}.vlm`;
        const file = readText(join(this.libraryFolder, "..", `${place.name}.vlm`));
        if (file.kind === "text") this.references.set(name, file.text);
        return file.kind === "text" ? { ...file, name } : file;
      }
      case "local":
        return this.readLocal(place.path);
    }
  }

  /** A module that was in the library and stands beside the one model that has it now: specs from before import it as `std/NAME`. */
  private readMoved(name: string): ReadResult | null {
    const [found, another] = referenceSpecs(this.libraryFolder).filter(
      ({ path }) => path.split("/").slice(2).join("/") === name,
    );
    if (found === undefined || another !== undefined) return null;
    const movedTo: FilePlace = { kind: "reference", name: found.path.slice("specs/".length) };
    const result = this.read(movedTo);
    // The library has no models.
    if (result.kind !== "text" || /^model\b/m.test(result.text)) return null;
    return { ...result, movedTo };
  }

  /** A file of the project, by its path from the spec's folder; one whose path or whose links lead out of it is not read. */
  private readLocal(place: string): ReadResult {
    this.known ??= projectOf(this.specFolder);
    const { root, shown, folder } = this.known;
    const target = join(folder, place);
    const real = realPath(target);
    if (!isWithin(root, target) || (real !== null && !isWithin(root, real))) return { kind: "outside", root: shown };
    const path = join(this.specFolder, place);
    // They differ above a folder that is a link.
    const file = readText(realPath(path) === real ? path : target);
    if (file.kind !== "text") return file;
    this.imported.set(path, file.text);
    // The same file has one name, whatever links lead to it.
    return { ...file, name: real === null ? path : join(this.specFolder, relative(folder, real)) };
  }

  names(): readonly string[] {
    return readdirSync(this.libraryFolder)
      .filter((name) => name.endsWith(".vlm"))
      .map((name) => name.slice(0, -".vlm".length))
      .sort();
  }
}
