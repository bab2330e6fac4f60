import { dirname, join, resolve } from "node:path";
import type { FilePlace, Library, ReadResult } from "../../compiler/index.ts";
import { libraryFolder, SpecLibrary } from "../specs/index.ts";

/** The files that a spec can import, as they are in the editor where they are open there. */
export class EditorLibrary implements Library {
  private readonly files: SpecLibrary;
  private readonly folder: string;
  private readonly openText: (path: string) => string | null;

  constructor(specPath: string, openText: (path: string) => string | null) {
    this.files = new SpecLibrary(libraryFolder(), specPath);
    this.folder = dirname(specPath);
    this.openText = openText;
  }

  read(place: FilePlace): ReadResult {
    const result = this.files.read(place);
    if (result.kind === "text") return { ...result, text: this.openText(pathOfSource(result.name)) ?? result.text };
    // A new file has no place on the disk yet; one that leads out of the project stays unread.
    if (result.kind !== "missing" || place.kind !== "local") return result;
    const path = resolve(this.folder, place.path);
    const text = this.openText(path);
    return text === null ? result : { kind: "text", text, name: path };
  }

  names(): readonly string[] {
    return this.files.names();
  }
}

/** Where the file of a source lies: `std/linear.vlm` in the library's folder, a spec that comes with the program beside it. */
export function pathOfSource(name: string): string {
  const [, library] = /^std\/(.*)$/.exec(name) ?? [];
  if (library !== undefined) return join(libraryFolder(), library);
  const [, reference] = /^medctc\/specs\/(.*)$/.exec(name) ?? [];
  return reference === undefined ? resolve(name) : join(libraryFolder(), "..", reference);
}
