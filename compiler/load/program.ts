import type { Diagnostic, Source } from "../../grammar/index.ts";
import type { Replacement } from "./amended.ts";
import { type Library, type LoadedFile, loadFiles } from "./imports.ts";
import { type LibraryDeclaration, libraryDeclarations } from "./library-declarations.ts";
import { fromEntry } from "./stored-folder.ts";
import { resolveVariant } from "./variant.ts";

/** A spec with everything that it imports; a variant as the whole that it stands for. */
export interface Program {
  readonly entry: LoadedFile;
  /** The entry as it is written. */
  readonly written: LoadedFile;
  /** Every file once, each after those that it imports. */
  readonly files: readonly LoadedFile[];
  /** The files that the entry amends, as they are written, the nearest first; empty where it is no variant. */
  readonly bases: readonly LoadedFile[];
  readonly replacements: readonly Replacement[];
  readonly diagnostics: readonly Diagnostic[];
  /** What the library declares, which is read when it is first asked for. */
  readonly declared: () => readonly LibraryDeclaration[];
}

/** Reads a spec and everything that it imports. */
export function loadProgram(source: Source, library: Library): Program {
  const { entry: own, files, diagnostics } = loadFiles(source, library);
  const { file, bases, replacements, diagnostics: refused } = resolveVariant(own);
  const written = [...bases.keys()];
  const entry = written.length === 0 ? file : fromEntry(file, written);
  return {
    entry,
    written: own,
    files: files.map((each) => (each === own ? entry : (bases.get(each) ?? each))),
    bases: written,
    replacements,
    diagnostics: [...diagnostics, ...refused],
    declared: once(() => libraryDeclarations(library)),
  };
}

function once<Result>(compute: () => Result): () => Result {
  let known: { readonly result: Result } | null = null;
  return () => {
    known ??= { result: compute() };
    return known.result;
  };
}
