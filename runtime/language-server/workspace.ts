import { readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import {
  type Declaration,
  libraryFileOf,
  type OpenSpec,
  type OutlineSymbol,
  outlineOf,
  type Renaming,
  referencesAt,
  rename,
  useAt,
  usesIn,
} from "../../compiler/editor/index.ts";
import { createSource, parse, type Span } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { libraryFolder } from "../specs/index.ts";
import type { Documents } from "./documents.ts";
import { pathOfSource } from "./library.ts";

/** Specs and folders of a workspace that are looked through. */
const mostSpecs = 4000;
const mostFolders = 20_000;

/** Symbols that one search gives. */
const mostSymbols = 500;

/** The specs below the folders that an editor has open, saved or not. */
export class Workspace {
  private readonly folders: readonly string[];
  private readonly documents: Documents;

  constructor(folders: readonly string[], documents: Documents) {
    this.folders = folders;
    this.documents = documents;
  }

  /** Every name that stands for what one at an offset does: in the files that the spec imports, and in all that import its file. */
  references(spec: OpenSpec, offset: number): readonly Span[] {
    const use = useAt(spec, offset);
    if (use === null) return [];
    const isThere = isDeclaredAt(use.declaration);
    const spans = this.knowing(spec, use.declaration).flatMap((each) => usesIn(each, isThere));
    return once([...referencesAt(spec, offset), ...spans]);
  }

  /** The name at an offset where it can be another one; null where there is none, and for what comes with the program. */
  renamable(spec: OpenSpec, offset: number): Span | null {
    const use = useAt(spec, offset);
    return use === null || this.ownerOf(use.declaration) !== null ? null : use.span;
  }

  rename(spec: OpenSpec, offset: number, name: string): Renaming {
    const use = useAt(spec, offset);
    if (use === null) return { kind: "refused", reason: "there is no name here" };
    const { declaration } = use;
    const owner = this.ownerOf(declaration);
    if (owner !== null) {
      const reason = `\`${declaration.name.text}\` is declared in ${owner}, which comes with medctc and stays as it is`;
      return { kind: "refused", reason };
    }
    if (this.paths().length > mostSpecs)
      return { kind: "refused", reason: `the workspace has more than ${mostSpecs} specs, which may use it` };
    return rename(this.knowing(spec, declaration), declaration, isDeclaredAt(declaration), name);
  }

  /** What the specs declare whose names have the letters of a query, in their order. */
  symbols(query: string): readonly OutlineSymbol[] {
    const letters = [...query.toLowerCase()].map((each) => each.replace(/[^\w]/, "\\$&"));
    const pattern = new RegExp(letters.join("[^]*?"));
    return this.paths()
      .flatMap((path) => {
        const file = readText(path);
        const text = this.documents.textAt(path) ?? (file.kind === "text" ? file.text : "");
        return outlineOf(parse(createSource(path, text))).filter(({ name }) => pattern.test(name.toLowerCase()));
      })
      .slice(0, mostSymbols);
  }

  /**
   * The file of the program's own in which something is declared. One that is open by its path is, too, unless the workspace has it, as
   * that of medctc's developers does.
   */
  private ownerOf(declaration: Declaration): string | null {
    const library = libraryFileOf(declaration);
    if (library !== null) return library;
    const { name } = declaration.name.span.source;
    const isOurs = !relative(join(libraryFolder(), ".."), pathOfSource(name)).startsWith("..");
    return isOurs && !this.paths().includes(pathOfSource(name)) ? name : null;
  }

  /** The specs that may use what is declared in one of them: that of the cursor first, each once. */
  private knowing(spec: OpenSpec, { name }: Declaration): readonly OpenSpec[] {
    const home = pathOfSource(name.span.source.name);
    const word = new RegExp(`\\b${name.text}\\b`);
    const file = basename(home, ".vlm");
    const here = pathOfSource(spec.source.name);
    const others = [home, ...this.paths()].filter((path, index, all) => path !== here && all.indexOf(path) === index);
    return [
      spec,
      ...others.flatMap((path) => this.documents.specAt(path, (text) => word.test(text) || text.includes(file)) ?? []),
    ];
  }

  /** Sorted; one more than are looked through where there are more. */
  private paths(): readonly string[] {
    const folders = [...this.folders];
    const found: string[] = [];
    for (let index = 0; index < Math.min(folders.length, mostFolders) && found.length <= mostSpecs; index++) {
      const folder = folders[index] ?? "";
      for (const entry of entriesOf(folder)) {
        const { name } = entry;
        if (entry.isDirectory() && !name.startsWith(".") && name !== "node_modules") folders.push(join(folder, name));
        else if (entry.isFile() && name.endsWith(".vlm")) found.push(join(folder, name));
      }
    }
    return [...new Set(found)].sort();
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // What cannot be read has no specs to look at.
    return [];
  }
}

/** Each spec reads a file for itself, so that a declaration is told by its place. */
function isDeclaredAt({ name: { span } }: Declaration): (other: Span) => boolean {
  const path = pathOfSource(span.source.name);
  return ({ source, start }) => start === span.start && pathOfSource(source.name) === path;
}

function once(spans: readonly Span[]): readonly Span[] {
  return [...new Map(spans.map((span) => [`${pathOfSource(span.source.name)} ${span.start}`, span])).values()];
}
