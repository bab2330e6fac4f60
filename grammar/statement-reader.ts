import type * as ast from "./ast.ts";
import { closers, operatorLimit, tokenSpan, tooLong, unpaired } from "./brackets.ts";
import { type Diagnostic, didYouMean, type Help, report } from "./diagnostics/index.ts";
import { errorLimit } from "./limit.ts";
import { ModelRules } from "./model-rules.ts";
import type { Chunk } from "./outline.ts";
import type { Source, Span } from "./source.ts";
import { Mismatch } from "./token-reader.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

/** One rule of the grammar, applied to a statement's tokens. */
type Rule<Result> = (rules: ModelRules) => Result;

/** Reads the statements of one text, each for itself, and collects what is wrong with them. */
export class StatementReader {
  readonly diagnostics: Diagnostic[];
  private readonly rules: ModelRules;
  protected readonly source: Source;

  /** `diagnostics` are those already found, so that none of ours follows from one of them. */
  constructor(source: Source, diagnostics: readonly Diagnostic[]) {
    this.diagnostics = [...diagnostics];
    this.rules = new ModelRules(source);
    this.source = source;
  }

  /** What a rule makes of all of a chunk's head, or null when the head has a mistake. */
  protected read<Result>(chunk: Chunk, rule: Rule<Result>): Result | null {
    return this.readTokens(chunk.head, rule);
  }

  protected readTokens<Result>(tokens: readonly t.Token[], rule: Rule<Result>): Result | null {
    if (this.diagnostics.length > errorLimit) return null;
    const mistake = this.mistakeIn(tokens);
    if (mistake !== null) {
      this.diagnostics.push(mistake);
      return null;
    }
    try {
      this.rules.start(tokens);
      const result = rule(this.rules);
      this.rules.end();
      this.reportAll(this.rules.problems);
      return result;
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      this.expected(error.expected, tokens, error.token);
      return null;
    }
  }

  protected reportAll(found: readonly Diagnostic[]): void {
    for (const diagnostic of found) this.diagnostics.push(diagnostic);
  }

  /** What makes a statement unreadable before its grammar matters: one mistake, so that nothing follows from it. */
  private mistakeIn(tokens: readonly t.Token[]): Diagnostic | null {
    for (const [index, token] of tokens.entries()) {
      if (token.tokenType === t.Unexpected) {
        const params = { character: visible(token.image) };
        return report("unexpected-character", tokenSpan(this.source, token), params, { help: insteadOf(token.image) });
      }
      if (token.tokenType === t.UnterminatedString) {
        return report("unterminated-string", tokenSpan(this.source, token), {});
      }
      const previous = tokens[index - 1];
      const goesOn = t.isWord(token) || token.tokenType === t.NumberToken;
      if (previous?.tokenType === t.NumberToken && goesOn && t.endOf(previous) === token.startOffset) {
        const whole = { source: this.source, start: previous.startOffset, end: t.endOf(token) };
        const text = previous.image + token.image;
        // After a word a `%` is an operator, after a digit it ends the number.
        const rest = previous.image.endsWith("%")
          ? `for the rest of a division, write \`${previous.image.slice(0, -1)} % ${token.image}\``
          : undefined;
        return report("bad-number", whole, { text }, { ...(rest !== undefined && { help: rest }) });
      }
    }
    const long = tooLong(tokens);
    if (long !== null) return report("statement-too-long", tokenSpan(this.source, long), { limit: operatorLimit });
    return unpaired(this.source, tokens);
  }

  /** Reports what should stand where a token stands, or after the last token when the text ends too early. */
  protected expected(expected: string, tokens: readonly t.Token[], token: t.Token | undefined): void {
    const last = tokens.at(-1);
    const atEnd = token === undefined;
    const end = last === undefined ? 0 : t.endOf(last);
    const span: Span = atEnd ? { source: this.source, start: end, end } : tokenSpan(this.source, token);
    const found = atEnd ? "the end of the statement" : describe(token);
    this.diagnostics.push(report("unexpected-token", span, { found, expected }, { help: advice(tokens, token) }));
  }

  /** True when a mistake was found inside a span: what seems to be missing there may only be unreadable. */
  protected isBroken(span: Span): boolean {
    return this.diagnostics.some(
      (found) => found.span !== null && found.span.start >= span.start && found.span.end <= span.end,
    );
  }

  protected refuseBody(chunk: Chunk, what: string): void {
    const last = chunk.head.at(-1);
    if (chunk.body === null || last === undefined) return;
    this.diagnostics.push(report("unexpected-body", tokenSpan(this.source, last), { what }));
  }

  /** The chunks of a body that must be there. */
  protected bodyOf(chunk: Chunk, what: string): readonly Chunk[] {
    const readable = this.mistakeIn(chunk.head) === null;
    const first = chunk.head[0];
    const last = chunk.head.at(-1);
    if ((chunk.body === null || !chunk.opened) && readable && first !== undefined && last !== undefined) {
      const span = { source: this.source, start: first.startOffset, end: t.endOf(last) };
      this.diagnostics.push(report("missing-body", span, { what }));
    }
    return chunk.body ?? [];
  }

  /** The statements of a function, a loss, a forward or a loop. */
  statements(chunks: readonly Chunk[], where: "body" | "loop"): readonly ast.Statement[] {
    return chunks.flatMap((chunk, index) => {
      const statement = this.statement(chunk);
      if (chunk.head[0]?.tokenType === k.return && statement !== null) {
        if (where === "loop") this.diagnostics.push(report("return-in-loop", statement.span, {}));
        else if (index < chunks.length - 1) this.diagnostics.push(report("return-not-last", statement.span, {}));
      }
      return statement ?? [];
    });
  }

  private statement(chunk: Chunk): ast.Statement | null {
    const first = chunk.head[0];
    switch (first?.tokenType) {
      case k.let:
        return this.plain(chunk, (rules) => rules.letStatement(), "a `let`");
      case k.require:
        return this.plain(chunk, (rules) => rules.require(), "a `require`");
      case k.return:
        return this.plain(chunk, (rules) => rules.returnStatement(), "a `return`");
      case t.Identifier:
        return this.plain(chunk, (rules) => rules.assign(), "an assignment");
      case k.for:
      case k.repeat: {
        const repetition = this.read(chunk, (rules) => rules.repetition());
        const body = this.statements(this.bodyOf(chunk, "a loop"), "loop");
        return repetition === null ? null : { kind: "for", repetition, body, span: chunk.span };
      }
      default:
        this.misplaced("a statement (`let`, `require`, `for`, `repeat`, `return` or `name = ...`)", chunk);
        return null;
    }
  }

  protected plain<Result>(chunk: Chunk, rule: Rule<Result>, what: string): Result | null {
    const result = this.read(chunk, rule);
    if (result !== null) this.refuseBody(chunk, what);
    return result;
  }

  /** A chunk that cannot stand here gives one error, whatever is in it. */
  protected misplaced(expected: string, chunk: Chunk): void {
    const mistake = this.mistakeIn(chunk.head);
    if (mistake === null) this.expected(expected, chunk.head, chunk.head[0]);
    else this.diagnostics.push(mistake);
  }
}

/** Names that start a statement of a model, and are no near misses of keywords. */
const contextual: ReadonlySet<string> = new Set(["input", "metric", "add", "remove", "shared", "optional"]);

/** What may have gone wrong where a statement fails: its first word is nearly a keyword, or a comma is one too many. */
function advice(tokens: readonly t.Token[], failed: t.Token | undefined): Help | null {
  const [first, second] = tokens;
  if (failed === second && first !== undefined && contextual.has(first.image)) return null;
  if (first?.tokenType === t.Identifier && failed !== undefined && (failed === first || failed === second)) {
    return didYouMean(first.image, Object.keys(k));
  }
  if (failed?.image === "**") return "write `pow(a, b)` for a power";
  if (failed?.tokenType === k.if) {
    return "a condition chooses a value, `let y = if c then a else b`, or a member, `part p = f() when c`";
  }
  const before = failed === undefined ? undefined : tokens[tokens.indexOf(failed) - 1];
  const closes = failed !== undefined && closers.has(failed.tokenType);
  return closes && before?.tokenType === t.Comma ? "no comma follows the last element" : null;
}

/** The first character of a text, by its number when it cannot be seen. */
function visible(text: string): string {
  const code = text.codePointAt(0) ?? 0;
  const character = String.fromCodePoint(code);
  return /[\p{C}\p{Z}]/u.test(character) ? `U+${code.toString(16).toUpperCase().padStart(4, "0")}` : character;
}

function describe(token: t.Token): string {
  if (t.isKeyword(token)) return `the keyword \`${token.image}\``;
  return `\`${token.image.length > 40 ? `${token.image.slice(0, 40)}...` : token.image}\``;
}

/** What to write in place of a character that comes from another language, or from a word processor. */
function insteadOf(character: string): string | null {
  if (/^["\u{201C}-\u{201F}\u{00AB}\u{00BB}]/u.test(character)) return 'strings stand in straight quotes: `"..."`';
  if (/^['\u{2018}-\u{201B}]/u.test(character)) return 'strings stand in double quotes: `"..."`';
  if (/^\p{Zs}/u.test(character))
    return "replace this space, which is a no-break or another special one, by a plain one";
  if (character.startsWith("@")) return "write `matmul(a, b)` for a product of matrices";
  return null;
}
