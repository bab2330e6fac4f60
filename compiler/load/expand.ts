import {
  createSource,
  type Diagnostic,
  formatSource,
  hasErrors,
  type Item,
  type ModelDeclaration,
  type ParsedFile,
  quote,
  type SettingsBlock,
  type Source,
  type Span,
} from "../../grammar/index.ts";
import { checkProgram } from "./check.ts";
import { type Library, type LoadedFile, pathOf } from "./imports.ts";
import { loadProgram, type Program } from "./program.ts";

/**
 * The text of a spec that amends no other and means the same: its own where it is no variant and stays where it is. Null where it
 * cannot be read.
 */
export function expandSpec(
  entry: Source,
  library: Library,
  relocate: ((path: string) => string) | null = null,
): { readonly text: string | null; readonly diagnostics: readonly Diagnostic[] } {
  const program = loadProgram(entry, library);
  const diagnostics = checkProgram(program);
  if (hasErrors(diagnostics)) return { text: null, diagnostics };
  const isWhole = program.bases.length === 0 && relocate === null;
  return { text: isWhole ? entry.text : expandedText(program, relocate ?? ((path) => path)), diagnostics };
}

/**
 * The whole of a spec as the text of one file that amends nothing and means the same. Comments beside and above what is taken from a
 * file go with it. Paths are from the folder of the spec; `relocate` gives those from elsewhere.
 */
function expandedText(program: Program, relocate: (path: string) => string): string {
  const { entry, bases } = program;
  const files = [entry, ...bases];
  const writer = new Writer(files);
  const imports = entry.imports
    .filter(({ file }) => !bases.includes(file))
    .map(({ file: { place }, alias }) => {
      const path = place.kind === "local" ? relocate(pathOf(place)) : pathOf(place);
      return `import "${path}"${alias === null ? "" : ` as ${alias.text}`}`;
    });
  const declarations = files.toReversed().flatMap((file) => ownItems(file).filter(isDeclaration));
  const { items } = entry.parsed.file;
  const [first] = ownItems(entry);
  const parts = [
    // The comments above a spec's first import are about the spec.
    `${first?.kind === "import" ? writer.above(first.span).text : ""}${[...new Set(imports)].join("\n")}`,
    items.flatMap((item) => (item.kind === "file-let" ? [writer.piece(item.span).trimStart()] : [])).join("\n"),
    ...declarations.map(({ span }) => writer.piece(span)),
    ...items.flatMap((item) => (item.kind === "model" ? [modelText(item, writer)] : [])),
    ...items.flatMap((item) => (item.kind === "settings" ? [blockText(item, files, writer, relocate)] : [])),
  ];
  const { text } = formatSource(createSource(entry.source.name, parts.join("\n\n")));
  if (text === null) throw new Error("an expanded spec is written in the language");
  return text;
}

function ownItems({ source, parsed }: LoadedFile): readonly Item[] {
  return parsed.file.items.filter(({ span }) => span.source === source);
}

function isDeclaration({ kind }: Item): boolean {
  return kind !== "import" && kind !== "file-let" && kind !== "model" && kind !== "settings";
}

function modelText(model: ModelDeclaration, writer: Writer): string {
  const members = model.members.map(({ span }) => writer.piece(span));
  return `${writer.above(model.span).text}model ${model.name.text} {\n${members.join("\n").trimStart()}\n}`;
}

function blockText(
  { block, entries, span }: SettingsBlock,
  files: readonly LoadedFile[],
  writer: Writer,
  relocate: (path: string) => string,
): string {
  const written = files
    .flatMap((file) => ownItems(file))
    .filter((item) => item.kind === "settings" && item.block === block);
  const above = [span, ...written.map((item) => item.span)].map((each) => writer.above(each).text);
  const lines = entries.map(({ name, value, span: own }) => {
    // One that is inherited may be another than the text of the base.
    const isFolder = block === "data" && name.text === "folder" && value.kind === "string";
    return isFolder ? `folder = ${quote(relocate(value.value))}` : writer.piece(own);
  });
  return `${above.find((text) => text !== "") ?? ""}${block} {\n${lines.join("\n").trimStart()}\n}`;
}

/** Copies parts of several files with their comments. */
class Writer {
  private readonly files: ReadonlyMap<Span["source"], LoadedFile>;

  constructor(files: readonly LoadedFile[]) {
    this.files = new Map(files.map((file) => [file.source, file]));
  }

  /** The comments on the lines above a part, and where they and it start. */
  above(span: Span): { readonly text: string; readonly start: number } {
    const { text } = span.source;
    const lines: string[] = [];
    let start = span.start - (/add\s+$/.exec(text.slice(0, span.start))?.[0].length ?? 0);
    for (const comment of this.commentsOf(span).toReversed()) {
      if (!comment.ownLine || comment.span.end > start) continue;
      if (!/^\r?\n[ \t]*$/.test(text.slice(comment.span.end, start))) break;
      lines.unshift(`${comment.text}\n`);
      start = comment.span.start;
    }
    return { text: lines.join(""), start };
  }

  /** A part as it is written, with a blank line above where it has one in its file. */
  piece(span: Span): string {
    const { source, end } = span;
    const { text, start } = this.above(span);
    const isApart = /\n[ \t]*\r?\n[ \t]*$/.test(source.text.slice(0, start));
    const beside = this.commentsOf(span).find(
      (comment) => comment.span.start >= end && /^[ \t,]*$/.test(source.text.slice(end, comment.span.start)),
    );
    const own = source.text.slice(span.start, end);
    return `${isApart ? "\n" : ""}${text}${own}${beside === undefined ? "" : `  ${beside.text}`}`;
  }

  private commentsOf({ source }: Span): ParsedFile["comments"] {
    return this.files.get(source)?.parsed.comments ?? [];
  }
}
