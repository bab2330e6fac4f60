import type { Diagnostic } from "./diagnostics/index.ts";
import type { Source, Span } from "./source.ts";
import * as t from "./tokens.ts";

/** Leaves a rule where a token does not fit; whoever reads the statement makes a diagnostic of it. */
export class Mismatch extends Error {
  /** What the rule hoped for, as the end of the sentence "expected ...". */
  readonly expected: string;
  /** Undefined when the statement ends too early. */
  readonly token: t.Token | undefined;

  constructor(expected: string, token: t.Token | undefined) {
    super(expected);
    this.expected = expected;
    this.token = token;
  }
}

/** A statement's tokens, taken one by one by the rules of the grammar; one token ahead tells what comes. */
export class TokenReader {
  /** Mistakes that leave the text readable, such as an unknown escape. */
  problems: Diagnostic[] = [];
  protected readonly source: Source;
  private tokens: readonly t.Token[] = [];
  private at = 0;

  constructor(source: Source) {
    this.source = source;
  }

  /** Reads all of these tokens with one rule. */
  start(tokens: readonly t.Token[]): void {
    this.tokens = tokens;
    this.at = 0;
    this.problems = [];
  }

  /** Refuses what a rule left over. */
  end(): void {
    if (this.at < this.tokens.length) this.fail("the end of the statement");
  }

  /** The type of a token that is not read yet. */
  protected next(ahead = 0): t.TokenType | undefined {
    return this.tokens[this.at + ahead]?.tokenType;
  }

  /** True when the next token follows the one before it without a blank. */
  protected isAdjacent(): boolean {
    const before = this.tokens[this.at - 1];
    return before !== undefined && this.tokens[this.at]?.startOffset === t.endOf(before);
  }

  protected fail(expected: string): never {
    throw new Mismatch(expected, this.tokens[this.at]);
  }

  protected take(type: t.TokenType): t.Token {
    return this.takeIf((found) => found === type, type.label);
  }

  protected takeOne(types: readonly t.TokenType[], expected: string): t.Token {
    return this.takeIf((found) => types.includes(found), expected);
  }

  protected takeIf(fits: (type: t.TokenType) => boolean, expected: string): t.Token {
    const token = this.tokens[this.at];
    if (token === undefined || !fits(token.tokenType)) this.fail(expected);
    this.at++;
    return token;
  }

  /** Takes a token of this type if it comes next. */
  protected takes(type: t.TokenType): boolean {
    if (this.next() !== type) return false;
    this.at++;
    return true;
  }

  /** Takes a name that is a keyword here and nowhere else, if it comes next. */
  protected takesWord(image: string): boolean {
    const token = this.tokens[this.at];
    if (token?.tokenType !== t.Identifier || token.image !== image) return false;
    this.at++;
    return true;
  }

  /** True when one of these words comes next. */
  protected nextIn(words: ReadonlySet<string>): boolean {
    const token = this.tokens[this.at];
    return token !== undefined && words.has(token.image);
  }

  /** Elements with separators between them. */
  protected several<Element>(separator: t.TokenType, element: () => Element): Element[] {
    const elements = [element()];
    while (this.takes(separator)) elements.push(element());
    return elements;
  }

  protected spanOf(token: t.Token): Span {
    return { source: this.source, start: token.startOffset, end: t.endOf(token) };
  }

  /** From a span to the last token that was read. */
  protected upToHere(from: Span): Span {
    const last = this.tokens[this.at - 1];
    return {
      source: this.source,
      start: from.start,
      end: last === undefined ? from.end : Math.max(from.end, t.endOf(last)),
    };
  }

  protected from(start: t.Token): Span {
    return this.upToHere(this.spanOf(start));
  }
}
