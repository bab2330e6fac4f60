import {
  createSource,
  type Diagnostic,
  didYouMean,
  type Name,
  type ParsedFile,
  parse,
  report,
  type Source,
  type Span,
} from "../../grammar/index.ts";
import { parseLibraryFile } from "./library-files.ts";

/** What an import leads to. */
export type FilePlace =
  /** `std/NAME`, a file of the library. */
  | { readonly kind: "library"; readonly name: string }
  /** `specs/NAME` or `specs/FOLDER/NAME`, a spec that comes with the program; the name has the folder. */
  | { readonly kind: "reference"; readonly name: string }
  /** With `/` between folders, relative to the entry's folder. */
  | { readonly kind: "local"; readonly path: string };

/** Text that was read, or the diagnostic that says why not. */
export type ReadResult =
  /** `movedTo` is where the file lies now, where that is not the place that was asked for. */
  | { readonly kind: "text"; readonly text: string; readonly name: string; readonly movedTo?: FilePlace }
  | { readonly kind: "missing" }
  /** Beyond the folder that a spec's files must be in. */
  | { readonly kind: "outside"; readonly root: string }
  | { readonly kind: "unreadable"; readonly problem: (span: Span) => Diagnostic };

/** Where files come from; the compiler itself reads none. */
export interface Library {
  read(place: FilePlace): ReadResult;
  /** The names of the library's files, for suggestions. */
  names(): readonly string[];
}

export interface LoadedFile {
  readonly source: Source;
  readonly place: FilePlace;
  readonly parsed: ParsedFile;
  /** What it imports, in order, with where it says so. */
  readonly imports: readonly LoadedImport[];
}

export interface LoadedImport {
  readonly file: LoadedFile;
  /** By what its names are reached, such as `v` for `v.block`; null where they are known by themselves. */
  readonly alias: Name | null;
  readonly span: Span;
}

/** The files of a spec as they are written. */
export interface LoadedFiles {
  readonly entry: LoadedFile;
  /** Every file once, each after those that it imports. */
  readonly files: readonly LoadedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Files that one spec may import, directly or not. */
const fileLimit = 500;

/** Reads a spec and everything that it imports. */
export function loadFiles(entry: Source, library: Library): LoadedFiles {
  const loader = new Loader(library);
  const file = loader.load(entry, { kind: "local", path: "" }, [entry.name]);
  return { entry: file, files: [...loader.files], diagnostics: loader.diagnostics };
}

class Loader {
  readonly files = new Set<LoadedFile>();
  readonly diagnostics: Diagnostic[] = [];
  private readonly library: Library;
  /** By the name that an import leads to, and by that of the file, which links may give several. */
  private readonly loaded = new Map<string, LoadedFile>();

  constructor(library: Library) {
    this.library = library;
  }

  /** `chain` holds the names of the files that led here, this one last. */
  load(source: Source, place: FilePlace, chain: readonly string[], parsed: ParsedFile = parse(source)): LoadedFile {
    this.diagnostics.push(...parsed.diagnostics);
    const imports = parsed.file.items.flatMap((item) => {
      if (item.kind !== "import") return [];
      const { value, span } = item.path;
      const imported = this.follow(value, span, place, chain);
      return imported === null ? [] : [{ file: imported, alias: item.alias, span }];
    });
    const file = { source, place, parsed, imports };
    this.files.add(file);
    return file;
  }

  private follow(written: string, span: Span, from: FilePlace, chain: readonly string[]): LoadedFile | null {
    const place = resolve(written, from);
    if (place === null) {
      this.refuse(written, span);
      return null;
    }
    const key = place.kind === "local" ? place.path : pathOf(place);
    const known = this.loaded.get(key);
    if (known !== undefined) return known;
    const result = this.library.read(place);
    switch (result.kind) {
      case "missing":
        this.refuse(written, span);
        return null;
      case "outside":
        this.diagnostics.push(report("import-outside", span, { path: written, root: result.root }));
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
        const same = this.loaded.get(`file ${result.name}`);
        const file = same ?? this.loadText(result.name, result.text, result.movedTo ?? place, chain);
        this.loaded.set(key, file);
        this.loaded.set(`file ${result.name}`, file);
        return file;
      }
    }
  }

  private loadText(name: string, text: string, place: FilePlace, chain: readonly string[]): LoadedFile {
    const longer = [...chain, name];
    if (place.kind === "local") return this.load(createSource(name, text), place, longer);
    const { source, parsed } = parseLibraryFile(name, text);
    return this.load(source, place, longer, parsed);
  }

  private refuse(written: string, span: Span): void {
    const candidates = this.library.names().map((name) => `std/${name}`);
    this.diagnostics.push(
      report("import-not-found", span, { path: written }, { help: didYouMean(written, candidates) }),
    );
  }
}

/** Where an import written in a file leads, or null when it leads nowhere: whether it leads out of a project, the library knows. */
function resolve(written: string, from: FilePlace): FilePlace | null {
  const [, library] = /^std\/([A-Za-z0-9_-]+)$/.exec(written) ?? [];
  if (library !== undefined) return { kind: "library", name: library };
  const reference = referenceOf(written);
  if (reference !== null) return reference;
  if (from.kind === "library" || !/^\.{1,2}\//.test(written)) return null;
  const folders = (from.kind === "local" ? from.path : from.name).split("/").slice(0, -1);
  for (const part of written.split("/")) {
    if (part === ".") continue;
    if (part === "..") {
      // What is above the entry's folder has no name here.
      if ((folders.at(-1) ?? "..") === "..") folders.push("..");
      else folders.pop();
    } else if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(part)) {
      folders.push(part);
    } else {
      return null;
    }
  }
  const path = folders.join("/");
  if (folders.at(-1) === "..") return null;
  if (from.kind === "reference") return referenceOf(`specs/${path.replace(/\.vlm$/, "")}`);
  return { kind: "local", path: path.endsWith(".vlm") ? path : `${path}.vlm` };
}

/** The spec that comes with the program which an import names. The library lies among them, and a file of it has one name. */
function referenceOf(written: string): FilePlace | null {
  const [, name] = /^specs\/((?:(?!std\/)[A-Za-z0-9_-]+\/)?[A-Za-z0-9_-]+)$/.exec(written) ?? [];
  return name === undefined ? null : { kind: "reference", name };
}

/** What an import writes for a file, from the entry's folder. */
export function pathOf(place: FilePlace): string {
  switch (place.kind) {
    case "library":
      return `std/${place.name}`;
    case "reference":
      return `specs/${place.name}`;
    case "local":
      return (place.path.startsWith("../") ? place.path : `./${place.path}`).replace(/\.vlm$/, "");
  }
}
