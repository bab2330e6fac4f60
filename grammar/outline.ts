import type { IToken, TokenType } from "chevrotain";
import { type Diagnostic, report } from "./diagnostics/index.ts";
import { positionAt, type Source, type Span } from "./source.ts";
import {
  Comma,
  Dot,
  endOf,
  Equal,
  Identifier,
  isKeyword,
  keywords,
  LeftBrace,
  LeftBracket,
  LeftParenthesis,
  RightBrace,
  RightBracket,
  RightParenthesis,
} from "./tokens.ts";

/**
 * One statement's tokens, with the chunks of the body that ends it, if it has one. A mistake stays inside its chunk, so
 * that each gives one error and everything after it is still read.
 */
export interface Chunk {
  readonly head: readonly IToken[];
  readonly body: readonly Chunk[] | null;
  readonly span: Span;
}

type BodyKind = "statements" | "settings" | "roles";

/** Brackets nested deeper than this are refused: the parser recurses once a level. */
export const nestingLimit = 200;

const closerOf = new Map<TokenType, TokenType>([
  [LeftParenthesis, RightParenthesis],
  [LeftBracket, RightBracket],
  [LeftBrace, RightBrace],
]);
const closers: ReadonlySet<TokenType> = new Set(closerOf.values());

const itemKeywords: ReadonlySet<TokenType> = new Set([
  keywords.import,
  keywords.roles,
  keywords.function,
  keywords.module,
  keywords.adapter,
  keywords.model,
]);
const settingsKeywords: ReadonlySet<TokenType> = new Set([keywords.train, keywords.data, keywords.eval]);
const statementKeywords: ReadonlySet<TokenType> = new Set([
  keywords.let,
  keywords.require,
  keywords.param,
  keywords.buffer,
  keywords.part,
  keywords.forward,
  keywords.encoder,
  keywords.freeze,
  keywords.train,
  keywords.loss,
  keywords.expect,
  keywords.return,
  keywords.for,
  keywords.repeat,
]);

/** Splits a file's tokens into items, their bodies into statements, and reports brackets that do not pair. */
export function outline(
  source: Source,
  tokens: readonly IToken[],
): {
  readonly chunks: readonly Chunk[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const starts = lineStartFlags(source, tokens);
  const tooDeep = firstTooDeep(tokens);
  if (tooDeep !== null) {
    return {
      chunks: [],
      diagnostics: [report("nesting-too-deep", tokenSpan(source, tooDeep), { limit: nestingLimit })],
    };
  }
  let at = 0;

  const spanOf = (from: number, to: number): Span => {
    const first = tokens[from];
    const last = tokens[Math.max(from, to - 1)];
    return { source, start: first?.startOffset ?? 0, end: last === undefined ? source.text.length : endOf(last) };
  };
  const typeAt = (index: number): TokenType | undefined => tokens[index]?.tokenType;

  const startsItem = (index: number): boolean => {
    const type = typeAt(index);
    if (type === undefined || typeAt(index - 1) === Dot || typeAt(index + 1) === Equal) return false;
    if (itemKeywords.has(type)) return starts.line[index] === true;
    if (settingsKeywords.has(type) && typeAt(index + 1) === LeftBrace) return starts.line[index] === true;
    return type === keywords.loss && starts.column[index] === true;
  };

  const startsStatement = (index: number, kind: BodyKind, depth: number): boolean => {
    const type = typeAt(index);
    const token = tokens[index];
    if (type === undefined || token === undefined || typeAt(index - 1) === Dot) return false;
    if (kind === "roles") return false;
    if (kind === "settings") {
      const isEntry = (type === Identifier || isKeyword(token)) && typeAt(index + 1) === Equal;
      return (
        isEntry &&
        (depth === 0 ||
          (starts.line[index] === true &&
            depth > 0 &&
            typeAt(index - 1) !== Comma &&
            typeAt(index - 1) !== LeftParenthesis))
      );
    }
    if (statementKeywords.has(type)) {
      if (typeAt(index + 1) === Equal) return false;
      return depth === 0 ? typeAt(index - 1) !== Equal : starts.line[index] === true;
    }
    return type === Identifier && depth === 0 && starts.line[index] === true && !continues(tokens[index - 1]);
  };

  /** Reads one chunk from `at`; `kind` says what its own body holds. */
  const readChunk = (kind: BodyKind, inBody: BodyKind | null): Chunk => {
    const from = at;
    const head: IToken[] = [];
    const open: IToken[] = [];
    let body: Chunk[] | null = null;
    while (at < tokens.length) {
      const token = tokens[at];
      if (token === undefined) break;
      const type = token.tokenType;
      if (at > from && (startsItem(at) || (inBody !== null && startsStatement(at, inBody, open.length)))) break;
      if (type === LeftBrace && open.length === 0) {
        body = readBody(kind);
        break;
      }
      if (type === RightBrace && !open.some((bracket) => bracket.tokenType === LeftBrace)) {
        if (inBody !== null) break;
        diagnostics.push(report("unmatched-bracket", tokenSpan(source, token), { bracket: token.image }));
        at++;
        if (head.length === 0) return readNext(kind, inBody, from);
        continue;
      }
      if (inBody === "settings" && type === Comma && open.length === 0) {
        at++;
        break;
      }
      if (closerOf.has(type)) open.push(token);
      else if (closers.has(type)) open.pop();
      head.push(token);
      at++;
    }
    return { head, body, span: spanOf(from, at) };
  };
  const readNext = (kind: BodyKind, inBody: BodyKind | null, from: number): Chunk =>
    at < tokens.length && !startsItem(at) ? readChunk(kind, inBody) : { head: [], body: null, span: spanOf(from, at) };

  const readBody = (kind: BodyKind): Chunk[] => {
    const opening = tokens[at];
    const chunks: Chunk[] = [];
    at++;
    while (at < tokens.length && !startsItem(at)) {
      if (typeAt(at) === RightBrace) {
        at++;
        return chunks;
      }
      const chunk = readChunk("statements", kind);
      if (chunk.head.length > 0 || chunk.body !== null) chunks.push(chunk);
    }
    if (opening !== undefined) {
      diagnostics.push(report("unclosed-bracket", tokenSpan(source, opening), { bracket: opening.image }));
    }
    return chunks;
  };

  const chunks: Chunk[] = [];
  while (at < tokens.length) {
    const type = typeAt(at);
    const kind: BodyKind =
      type === keywords.roles ? "roles" : type !== undefined && settingsKeywords.has(type) ? "settings" : "statements";
    const chunk = readChunk(kind, null);
    if (chunk.head.length > 0 || chunk.body !== null) chunks.push(chunk);
  }
  return { chunks, diagnostics };
}

/** A name on a new line still belongs to the statement above when that one ends in an operator or a comma. */
function continues(previous: IToken | undefined): boolean {
  if (previous === undefined) return false;
  const type = previous.tokenType;
  if (type === LeftBrace || type === RightBrace || type === RightParenthesis || type === RightBracket) return false;
  if (type === Identifier || type.name === "Number" || type.name === "String" || type.name === "Star") return false;
  if (type.name === "StarStar" || type.name === "UnterminatedString") return false;
  return !["true", "false", "none", "infer"].includes(type.name);
}

function firstTooDeep(tokens: readonly IToken[]): IToken | null {
  let depth = 0;
  for (const token of tokens) {
    if (closerOf.has(token.tokenType)) depth++;
    else if (closers.has(token.tokenType)) depth = Math.max(0, depth - 1);
    if (depth > nestingLimit) return token;
  }
  return null;
}

function lineStartFlags(
  source: Source,
  tokens: readonly IToken[],
): {
  readonly line: readonly boolean[];
  readonly column: readonly boolean[];
} {
  const line: boolean[] = [];
  const column: boolean[] = [];
  let previousLine = -1;
  for (const token of tokens) {
    const position = positionAt(source, token.startOffset);
    line.push(position.line !== previousLine);
    column.push(position.character === 0);
    previousLine = position.line;
  }
  return { line, column };
}

export function tokenSpan(source: Source, token: IToken): Span {
  return { source, start: token.startOffset, end: endOf(token) };
}
