import { dirname, join } from "node:path";
import type { FilePlace, Library, ReadResult } from "../../../compiler/index.ts";
import { libraryFolder, SpecLibrary } from "../../specs/index.ts";
import { type FileState, stateOf } from "./file-state.ts";

/**
 * The files that a spec can import, with the state of each before it was read: of those that are missing, too, since they may come.
 * What is saved while the spec is compiled then differs from what is kept here.
 */
export class WatchedLibrary implements Library {
  readonly states = new Map<string, FileState>();
  private readonly files: SpecLibrary;
  private readonly folder: string;

  constructor(specPath: string) {
    this.files = new SpecLibrary(libraryFolder(), specPath);
    this.folder = dirname(specPath);
    this.note(specPath);
  }

  read(place: FilePlace): ReadResult {
    const path = this.pathOf(place);
    const state = stateOf(path);
    const result = this.files.read(place);
    // What lies outside the project is not read, and not watched.
    if (result.kind !== "outside") this.states.set(path, this.states.get(path) ?? state);
    if (result.kind === "text" && result.movedTo !== undefined) this.note(this.pathOf(result.movedTo));
    return result;
  }

  names(): readonly string[] {
    return this.files.names();
  }

  /** A spec is read more than once for a comparison: the first time is what counts. */
  private note(path: string): void {
    this.states.set(path, this.states.get(path) ?? stateOf(path));
  }

  private pathOf(place: FilePlace): string {
    switch (place.kind) {
      case "library":
        return join(libraryFolder(), `${place.name}.vlm`);
      case "reference":
        return join(libraryFolder(), "..", `${place.name}.vlm`);
      case "local":
        return join(this.folder, place.path);
    }
  }
}
