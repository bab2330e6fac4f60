import {
  createSource,
  type Diagnostic,
  didYouMean,
  type Item,
  type ParsedFile,
  parse,
  report,
  type Source,
  type Span,
} from "../../grammar/index.ts";

/** What an import leads to: a file of the library, or one in the entry's folder, both without what the other needs. */
export type FilePlace =
  | { readonly kind: "library"; readonly name: string }
  /** With `/` between folders, relative to the entry's folder. */
  | { readonly kind: "local"; readonly path: string };

/** Text that was read, or the diagnostic that says why not. */
export type ReadResult =
  | { readonly kind: "text"; readonly text: string; readonly name: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable"; readonly problem: (span: Span) => Diagnostic };

/** Where files come from; the compiler itself reads none. */
export interface Library {
  read(place: FilePlace): ReadResult;
  /** The names of the library's files, for suggestions. */
  names(): readonly string[];
}

export interface LoadedFile {
  readonly source: Source;
  readonly parsed: ParsedFile;
  /** What it imports, in order, with where it says so. */
  readonly imports: readonly { readonly file: LoadedFile; readonly span: Span }[];
}

export interface Program {
  readonly entry: LoadedFile;
  /** Every file once, each after those that it imports. */
  readonly files: readonly LoadedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Files that one spec may import, directly or not. */
const fileLimit = 500;

/** Reads a spec and everything that it imports. */
export function loadProgram(entry: Source, library: Library): Program {
  const loader = new Loader(library);
  const file = loader.load(entry, { kind: "local", path: "" }, [entry.name]);
  return { entry: file, files: [...loader.files], diagnostics: loader.diagnostics };
}

class Loader {
  readonly files = new Set<LoadedFile>();
  readonly diagnostics: Diagnostic[] = [];
  private readonly library: Library;
  private readonly loaded = new Map<string, LoadedFile>();

  constructor(library: Library) {
    this.library = library;
  }

  /** `chain` holds the names of the files that led here, this one last. */
  load(source: Source, place: FilePlace, chain: readonly string[]): LoadedFile {
    const parsed = parse(source);
    this.diagnostics.push(...parsed.diagnostics);
    const imports = parsed.file.items.flatMap((item) => {
      if (item.kind !== "import") return [];
      const { value, span } = item.path;
      const imported = this.follow(value, span, place, chain);
      return imported === null ? [] : [{ file: imported, span }];
    });
    const file = { source, parsed, imports };
    this.files.add(file);
    return file;
  }

  private follow(written: string, span: Span, from: FilePlace, chain: readonly string[]): LoadedFile | null {
    const place = resolve(written, from);
    if (place === null) {
      this.refuse(written, span);
      return null;
    }
    const key = place.kind === "library" ? `std/${place.name}` : place.path;
    const known = this.loaded.get(key);
    if (known !== undefined) return known;
    const result = this.library.read(place);
    switch (result.kind) {
      case "missing":
        this.refuse(written, span);
        return null;
      case "unreadable":
        this.diagnostics.push(result.problem(span));
        return null;
      case "text": {
        if (chain.includes(result.name)) {
          const cycle = [...chain.slice(chain.indexOf(result.name)), result.name];
          this.diagnostics.push(report("cyclic-import", span, { chain: cycle }));
          return null;
        }
        if (this.files.size + chain.length >= fileLimit) {
          this.diagnostics.push(report("too-many-imports", span, { limit: fileLimit }));
          return null;
        }
        const file = this.load(createSource(result.name, result.text), place, [...chain, result.name]);
        this.loaded.set(key, file);
        return file;
      }
    }
  }

  private refuse(written: string, span: Span): void {
    const candidates = this.library.names().map((name) => `std/${name}`);
    this.diagnostics.push(
      report("import-not-found", span, { path: written }, { help: didYouMean(written, candidates) }),
    );
  }
}

/** Where an import written in a file leads, or null when it leads out of the library or of the entry's folder. */
function resolve(written: string, from: FilePlace): FilePlace | null {
  if (written.startsWith("std/")) {
    const name = written.slice("std/".length);
    return /^[A-Za-z0-9_]+$/.test(name) ? { kind: "library", name } : null;
  }
  if (from.kind === "library" || !/^\.{1,2}\//.test(written)) return null;
  const folders = from.path.split("/").slice(0, -1);
  for (const part of written.split("/")) {
    if (part === ".") continue;
    if (part === "..") {
      if (folders.pop() === undefined) return null;
    } else if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(part)) {
      folders.push(part);
    } else {
      return null;
    }
  }
  const path = folders.join("/");
  return { kind: "local", path: path.endsWith(".vlm") ? path : `${path}.vlm` };
}

/** What the library declares: each name with its kind and its file. Reads all of it, so it is for explaining mistakes. */
export function libraryDeclarations(library: Library): readonly LibraryDeclaration[] {
  return library.names().flatMap((file) => {
    const result = library.read({ kind: "library", name: file });
    if (result.kind !== "text") return [];
    const { items } = parse(createSource(result.name, result.text)).file;
    return items.flatMap((item) => ("name" in item ? [{ name: item.name.text, kind: item.kind, file }] : []));
  });
}

export interface LibraryDeclaration {
  readonly name: string;
  readonly kind: Item["kind"];
  readonly file: string;
}
