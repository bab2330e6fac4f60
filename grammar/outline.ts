import { closerOf, closers, nestingLimit, tokenSpan, tooDeep } from "./brackets.ts";
import { type Diagnostic, report } from "./diagnostics/index.ts";
import type { Source, Span } from "./source.ts";
import * as t from "./tokens.ts";

/**
 * One statement's tokens, with the chunks of the body that ends it, if it has one. A mistake stays inside its chunk, so
 * that each gives one error and everything after it is still read.
 */
export interface Chunk {
  readonly head: readonly t.Token[];
  readonly body: readonly Chunk[] | null;
  /** False when what follows the head is clearly its body, but the `{` is missing. */
  readonly opened: boolean;
  readonly span: Span;
}

type BodyKind = "members" | "statements" | "settings" | "roles";

const k = t.keywords;

const itemKeywords: ReadonlySet<t.TokenType> = new Set([k.import, k.roles, k.function, k.module, k.adapter, k.model]);
const settingsKeywords: ReadonlySet<t.TokenType> = new Set([k.train, k.data, k.eval]);
const statementKeywords: ReadonlySet<t.TokenType> = new Set([
  k.let,
  k.require,
  k.param,
  k.buffer,
  k.part,
  k.forward,
  k.encoder,
  k.freeze,
  k.train,
  k.loss,
  k.expect,
  k.return,
  k.for,
  k.repeat,
]);

/** What the body after a head holds, by the keyword that starts the head. */
const bodyOf: ReadonlyMap<t.TokenType, BodyKind> = new Map([
  [k.roles, "roles"],
  [k.function, "statements"],
  [k.module, "members"],
  [k.adapter, "members"],
  [k.model, "members"],
  [k.forward, "statements"],
  [k.for, "statements"],
  [k.repeat, "statements"],
]);
/** These have a body at the top of a file only; in a model they are rules. */
const topLevelBodyOf: ReadonlyMap<t.TokenType, BodyKind> = new Map([
  [k.loss, "statements"],
  [k.train, "settings"],
  [k.data, "settings"],
  [k.eval, "settings"],
]);

/** Words that may stand before a keyword of a member. */
const amending: ReadonlySet<string> = new Set(["add", "remove", "shared", "optional"]);

/** How far to look for the brace after a loss's parameters. */
const signatureTokens = 500;

/** Splits a file's tokens into items, their bodies into statements, and reports braces that do not pair. */
export function outline(
  source: Source,
  tokens: readonly t.Token[],
): { readonly chunks: readonly Chunk[]; readonly diagnostics: readonly Diagnostic[] } {
  const deepest = tooDeep(tokens);
  if (deepest !== null) {
    const span = tokenSpan(source, deepest);
    return { chunks: [], diagnostics: [report("nesting-too-deep", span, { limit: nestingLimit })] };
  }
  const outliner = new Outliner(source, tokens);
  return { chunks: outliner.file(), diagnostics: outliner.diagnostics };
}

/** For each token, whether it is the first on its line, and whether it stands behind the line's start. */
function lineStarts(
  { lineStarts: starts }: Source,
  tokens: readonly t.Token[],
): { readonly startsLine: readonly boolean[]; readonly indented: readonly boolean[] } {
  const startsLine: boolean[] = [];
  const indented: boolean[] = [];
  let line = 0;
  for (const { startOffset } of tokens) {
    const before = line;
    while ((starts[line + 1] ?? Number.POSITIVE_INFINITY) <= startOffset) line++;
    startsLine.push(line !== before || startsLine.length === 0);
    indented.push(startOffset > (starts[line] ?? 0));
  }
  return { startsLine, indented };
}

/** True for the `*` of `to_*`; in an expression it may be an operator none the less. */
function endsGlob(star: t.Token, before: t.Token | undefined): boolean {
  return before !== undefined && t.isWord(before) && t.endOf(before) === star.startOffset;
}

/** True where a statement's tokens are so far a rule or a placement with selectors at the end. */
function listsSelectors(head: readonly t.Token[]): boolean {
  const [first, second] = head;
  const rule = first?.image === "add" ? second : first;
  return (
    rule?.tokenType === k.freeze ||
    rule?.tokenType === k.train ||
    head.some(({ tokenType }) => tokenType === k.on || tokenType === k.except)
  );
}

class Outliner {
  readonly diagnostics: Diagnostic[] = [];
  private at = 0;
  /** How many bodies are open. */
  private depth = 0;
  private readonly source: Source;
  private readonly tokens: readonly t.Token[];
  private readonly startsLine: readonly boolean[];
  private readonly indented: readonly boolean[];

  constructor(source: Source, tokens: readonly t.Token[]) {
    this.source = source;
    this.tokens = tokens;
    const { startsLine, indented } = lineStarts(source, tokens);
    this.startsLine = startsLine;
    this.indented = indented;
  }

  file(): readonly Chunk[] {
    const chunks: Chunk[] = [];
    while (this.at < this.tokens.length) {
      if (this.type() === t.RightBrace) this.refuseBrace();
      else chunks.push(this.chunk(null));
    }
    return chunks;
  }

  private type(offset = 0): t.TokenType | undefined {
    return this.tokens[this.at + offset]?.tokenType;
  }

  private refuseBrace(): void {
    const token = this.tokens[this.at++];
    if (token === undefined) return;
    this.diagnostics.push(report("unmatched-bracket", tokenSpan(this.source, token), { bracket: token.image }));
  }

  /** Reads one chunk of a body of this kind, or of the file itself. */
  private chunk(within: BodyKind | null): Chunk {
    const from = this.at;
    const bodyKind = this.bodyKind(within);
    const head: t.Token[] = [];
    const open: t.Token[] = [];
    let body: readonly Chunk[] | null = null;
    let opened = true;
    for (let token = this.tokens[from]; token !== undefined; token = this.tokens[this.at]) {
      const type = token.tokenType;
      if (this.at > from) {
        if (this.startsItem()) break;
        if (bodyKind !== undefined && this.depth < nestingLimit && this.startsChunk(bodyKind, open.length, head)) {
          opened = false;
          body = this.body(bodyKind, within, null);
          break;
        }
        if (within !== null && this.startsChunk(within, open.length, head)) break;
        if (within === null && open.length === 0 && this.startsFileLet()) break;
      }
      // A brace at the end of a line opens a body even after a head that should have none, or that nobody knows.
      if (type === t.LeftBrace && (bodyKind !== undefined || this.startsLine[this.at + 1] === true)) {
        this.at++;
        body = this.body(bodyKind ?? (within === null ? "members" : "statements"), within, token);
        break;
      }
      if (type === t.RightBrace && !this.closesStray(open)) break;
      if (within === "settings" && type === t.Comma && open.length === 0 && !this.listsRemovals(head)) {
        this.at++;
        break;
      }
      if (closerOf.has(type)) open.push(token);
      else if (closers.has(type)) open.pop();
      head.push(token);
      this.at++;
    }
    return { head, body, opened, span: this.spanFrom(from) };
  }

  /** True at a comma between the names of `remove steps, memory`. */
  private listsRemovals([first, second]: readonly t.Token[]): boolean {
    return first?.image === "remove" && second?.tokenType.isWord === true && this.type(2) !== t.Equal;
  }

  /** What the body of the chunk that starts here holds, if it has one; a setting may be called `forward`. */
  private bodyKind(within: BodyKind | null): BodyKind | undefined {
    const first = this.type();
    if (first === undefined || this.type(1) === t.Equal) return undefined;
    if (within === "members" && this.opensGroup()) return "settings";
    return bodyOf.get(first) ?? (within === null ? topLevelBodyOf.get(first) : undefined);
  }

  /** `group text {`, or `add group text {` in a variant. */
  private opensGroup(): boolean {
    const [first, ...rest] = this.tokens.slice(this.at, this.at + 3);
    return first !== undefined && (t.startsGroup([first, ...rest]) || (first.image === "add" && t.startsGroup(rest)));
  }

  /** A brace that opens no body belongs to its statement, and so does the brace on the same line that closes it. */
  private closesStray(open: readonly t.Token[]): boolean {
    return this.startsLine[this.at] !== true && open.some((bracket) => bracket.tokenType === t.LeftBrace);
  }

  /** Reads chunks up to the closing brace; `opening` is null when the brace that should open the body is missing. */
  private body(kind: BodyKind, container: BodyKind | null, opening: t.Token | null): readonly Chunk[] {
    const from = this.at;
    const chunks: Chunk[] = [];
    this.depth++;
    while (this.at < this.tokens.length && !this.startsItem()) {
      if (this.type() === t.RightBrace) {
        if (this.isExtraBrace(container)) {
          this.refuseBrace();
          continue;
        }
        this.at++;
        this.depth--;
        return chunks;
      }
      const chunk = this.chunk(kind);
      if (chunk.head.length > 0 || chunk.body !== null) chunks.push(chunk);
    }
    this.depth--;
    const lostInString = this.tokens
      .slice(from, this.at)
      .some((token) => token.tokenType === t.UnterminatedString && token.image.includes("}"));
    if (opening !== null && !lostInString) {
      this.diagnostics.push(report("unclosed-bracket", tokenSpan(this.source, opening), { bracket: "{" }));
    }
    return chunks;
  }

  /** True when what follows this closing brace can only belong to the body that it would close. */
  private isExtraBrace(container: BodyKind | null): boolean {
    const next = this.type(1);
    if (next === undefined || next === t.RightBrace || this.startsLine[this.at + 1] !== true) return false;
    if (container === null) {
      const canStart = statementKeywords.has(next) || this.indented[this.at + 1] === true;
      return canStart && !this.startsItem(1) && !this.startsFileLet(1);
    }
    if (container !== "members") return false;
    return (
      next === k.return || next === k.for || next === k.repeat || (next === t.Identifier && this.type(2) === t.Equal)
    );
  }

  /** A `let` of the file; those of a body are indented. */
  private startsFileLet(offset = 0): boolean {
    return this.type(offset) === k.let && this.indented[this.at + offset] === false;
  }

  private startsItem(offset = 0): boolean {
    const type = this.type(offset);
    if (type === undefined || this.startsLine[this.at + offset] !== true) return false;
    if (this.type(offset - 1) === t.Dot || this.type(offset + 1) === t.Equal) return false;
    if (itemKeywords.has(type)) return true;
    if (settingsKeywords.has(type)) {
      // `train amends {`, or something near it.
      return this.type(offset + (this.type(offset + 1) === t.Identifier ? 2 : 1)) === t.LeftBrace;
    }
    return type === k.loss && (this.depth === 0 || this.declaresLoss(this.at + offset));
  }

  /** Tells `loss name(parameters) {` from the use of a loss in a model. */
  private declaresLoss(at: number): boolean {
    let open = 0;
    for (const { tokenType } of this.tokens.slice(at + 2, at + 2 + signatureTokens)) {
      if (tokenType === t.LeftBrace) return open === 0;
      if (tokenType === t.LeftParenthesis) open++;
      else if (tokenType === t.RightParenthesis) open--;
      else if (open === 0) return false;
    }
    return false;
  }

  private startsChunk(kind: BodyKind, depth: number, head: readonly t.Token[]): boolean {
    const type = this.type();
    const token = this.tokens[this.at];
    if (type === undefined || token === undefined || kind === "roles" || this.type(-1) === t.Dot) return false;
    const newLine = this.startsLine[this.at] === true;
    if (kind === "settings") {
      const isRemoval = token.image === "remove" && newLine && this.tokens[this.at + 1]?.tokenType.isWord === true;
      if (isRemoval && this.startsLine[this.at + 1] === false) return this.type(-1) !== t.Comma;
      if (!t.isWord(token) || this.type(1) !== t.Equal) return false;
      return depth === 0 || (newLine && this.type(-1) !== t.Comma && this.type(-1) !== t.LeftParenthesis);
    }
    if (statementKeywords.has(type)) {
      if (this.type(1) === t.Equal || this.isAmending(kind)) return false;
      const repeats = (type === k.for || type === k.repeat) && this.type(-1) === t.Equal;
      return depth === 0 ? !repeats : newLine;
    }
    return type === t.Identifier && depth === 0 && newLine && !this.continues(head);
  }

  /** True behind the word that starts `add freeze text`, `remove train`, `shared param` and `optional buffer`. */
  private isAmending(kind: BodyKind): boolean {
    const before = this.endOfSharing() ?? this.at - 1;
    const word = this.tokens[before]?.image;
    const isOnLine = this.startsLine[before] === true && this.startsLine[this.at] === false;
    return kind === "members" && isOnLine && word !== undefined && amending.has(word);
  }

  /** The place of `shared` where a group in parentheses stands between it and what follows. */
  private endOfSharing(): number | null {
    if (this.type(-1) !== t.RightParenthesis) return null;
    let depth = 0;
    for (let place = this.at - 1; place > 0; place--) {
      const type = this.tokens[place]?.tokenType;
      if (type === t.RightParenthesis) depth += 1;
      if (type === t.LeftParenthesis) depth -= 1;
      if (depth === 0) return this.tokens[place - 1]?.image === "shared" ? place - 1 : null;
    }
    return null;
  }

  /** A name on a new line still belongs to the statement above when that one ends in an operator or a comma. */
  private continues(head: readonly t.Token[]): boolean {
    const previous = this.tokens[this.at - 1];
    const before = this.tokens[this.at - 2];
    if (previous === undefined) return false;
    if (t.isKeyword(previous)) return !t.isValue(previous) && before?.tokenType !== t.Dot;
    const afterSeparator =
      before === undefined || before.tokenType === t.Dot || before.tokenType === t.Comma || t.isKeyword(before);
    if (previous.tokenType === t.Star) return !afterSeparator && !(endsGlob(previous, before) && listsSelectors(head));
    return t.isOperator(previous);
  }

  private spanFrom(from: number): Span {
    const first = this.tokens[from];
    const last = this.tokens[Math.max(from, this.at - 1)];
    return {
      source: this.source,
      start: first?.startOffset ?? this.source.text.length,
      end: last === undefined ? this.source.text.length : t.endOf(last),
    };
  }
}
