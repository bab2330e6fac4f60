import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FilePlace, Library, ReadResult } from "../../compiler/index.ts";
import { readText } from "../files/index.ts";

/** The files that a spec can import: the library that comes with the program, and what lies beside the spec. */
export class SpecLibrary implements Library {
  private readonly libraryFolder: string;
  private readonly specFolder: string;
  /** The texts of files beside the spec that were imported, by their paths. */
  readonly imported = new Map<string, string>();

  constructor(libraryFolder: string, specPath: string) {
    this.libraryFolder = libraryFolder;
    this.specFolder = dirname(specPath);
  }

  read(place: FilePlace): ReadResult {
    const path =
      place.kind === "library" ? join(this.libraryFolder, `${place.name}.vlm`) : join(this.specFolder, place.path);
    const file = readText(path);
    if (place.kind !== "library" && file.kind === "text") this.imported.set(path, file.text);
    const name = place.kind === "library" ? `std/${place.name}.vlm` : path;
    return file.kind === "text" ? { ...file, name } : file;
  }

  names(): readonly string[] {
    return readdirSync(this.libraryFolder)
      .filter((name) => name.endsWith(".vlm"))
      .map((name) => name.slice(0, -".vlm".length))
      .sort();
  }
}
