import { CST, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type ParsedNode, parseDocument } from "yaml";
import { failed, ok, type Result } from "../text/index.ts";
import type { Place, PlacedProblem } from "./problem.ts";

interface Placed {
  readonly place: Place;
}

/** What stands in a YAML file, with the place of each node. Numbers and truth values keep the text that was written. */
export type Tree = Scalar | List | Mapping;

export interface Scalar extends Placed {
  readonly kind: "scalar";
  readonly text: string;
}

export interface List extends Placed {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

export interface Mapping extends Placed {
  readonly kind: "mapping";
  /** In the order of the file; no two have the same key. */
  readonly entries: ReadonlyMap<string, { readonly key: Scalar; readonly value: Tree }>;
}

const limitBytes = 256 * 1024;
const limitDepth = 64;
const shownProblems = 20;

/** Reads a YAML text of plain values: no aliases, no tags, one document. A text of any size and depth is refused or read. */
export function readTree(text: string): Result<Tree, readonly PlacedProblem[]> {
  const tooMuch = refuseBefore(text);
  if (tooMuch !== null) return failed([{ place: null, message: tooMuch, help: null }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  const reader = new TreeReader((offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  });
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    reader.refuse(pos[0], code === "MULTIPLE_DOCS" ? "a second document starts here" : message, null);
  }
  const { contents } = document;
  const tree = contents === null ? null : reader.read(contents);
  if (tree === null) reader.refuse(0, "the file is empty", null);
  const problems = reader.problems.slice(0, shownProblems);
  return tree === null || problems.length > 0 ? failed(problems) : ok(tree);
}

/** Tokens that may begin a value inside of another one. */
const openers: ReadonlySet<string> = new Set(["seq-item-ind", "explicit-key-ind", "map-value-ind", "tag", "anchor"]);

/**
 * What is too much for the parser, found before it runs: it ends the process on deep nesting. In blocks, what is nested begins
 * in a later column, on the same line or below. In brackets, each opening one nests, and so may each sign between commas.
 */
function refuseBefore(text: string): string | null {
  if (Buffer.byteLength(text) > limitBytes) return `it is larger than ${limitBytes / 1024} KiB`;
  const columns: number[] = [];
  const brackets: number[] = [];
  let column = 0;
  let inBrackets = 0;
  const close = (): void => {
    // An end without a beginning closes nothing.
    inBrackets -= brackets.pop() ?? 0;
  };
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token) ?? "scalar";
    const isBlank = type === "space" || type === "newline" || type === "comment";
    if (type === "comma" || openers.has(type)) {
      const counted = brackets.pop();
      if (counted !== undefined) {
        const now = type === "comma" ? 1 : counted + 1;
        brackets.push(now);
        inBrackets += now - counted;
      }
    }
    if (brackets.length === 0 && !isBlank) {
      while ((columns.at(-1) ?? -1) >= column) columns.pop();
      columns.push(column);
    }
    if (type === "flow-map-start" || type === "flow-seq-start") {
      brackets.push(1);
      inBrackets++;
    }
    if (type === "flow-map-end" || type === "flow-seq-end") close();
    while (type === "flow-error-end" && brackets.length > 0) close();
    if (inBrackets + columns.length > limitDepth) return `its values are nested deeper than ${limitDepth}`;
    const end = token.lastIndexOf("\n");
    const isMark = token === CST.DOCUMENT || token === CST.SCALAR || token === CST.FLOW_END;
    column = end >= 0 ? token.length - end - 1 : column + (isMark ? 0 : token.length);
  }
  return null;
}

class TreeReader {
  readonly problems: PlacedProblem[] = [];
  private readonly placeOf: (offset: number) => Placed["place"];

  constructor(placeOf: (offset: number) => Placed["place"]) {
    this.placeOf = placeOf;
  }

  refuse(offset: number, message: string, help: string | null): void {
    this.problems.push({ place: this.placeOf(offset), message, help });
  }

  /** Null after saying what is no plain value. */
  read(node: ParsedNode): Tree | null {
    const [offset] = node.range;
    const place = this.placeOf(offset);
    if (isAlias(node)) return this.no(offset, "aliases are not supported");
    if (node.tag !== undefined) return this.no(offset, "tags are not supported");
    if (isScalar(node)) return { kind: "scalar", text: node.source, place };
    if (isSeq<ParsedNode>(node))
      return { kind: "list", items: node.items.flatMap((item) => this.read(item) ?? []), place };
    if (!isMap<ParsedNode, ParsedNode | null>(node)) return this.no(offset, "this is not a value");
    const entries = new Map<string, { readonly key: Scalar; readonly value: Tree }>();
    for (const { key: written, value } of node.items) {
      const key = this.read(written);
      if (key === null) continue;
      if (key.kind !== "scalar") {
        this.refuse(offset, "a key is a name", null);
        continue;
      }
      const known = entries.get(key.text);
      if (known !== undefined) {
        const message = `duplicate \`${key.text}\`, first in line ${known.key.place.line}`;
        this.problems.push({ place: key.place, message, help: null });
        continue;
      }
      const read = value === null ? { kind: "scalar" as const, text: "", place: key.place } : this.read(value);
      if (read !== null) entries.set(key.text, { key, value: read });
    }
    return { kind: "mapping", entries, place };
  }

  private no(offset: number, message: string): null {
    this.refuse(offset, message, null);
    return null;
  }
}
