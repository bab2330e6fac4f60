import { type Diagnostic, report } from "./diagnostics/index.ts";
import type { Source, Span } from "./source.ts";
import * as t from "./tokens.ts";

/** Brackets nested deeper than this are refused: the parser recurses once a level. */
export const nestingLimit = 200;

/** Operators, dots and brackets in one statement; each can be a level of the tree. */
export const operatorLimit = 1000;

export const closerOf: ReadonlyMap<t.TokenType, t.TokenType> = new Map([
  [t.LeftParenthesis, t.RightParenthesis],
  [t.LeftBracket, t.RightBracket],
  [t.LeftBrace, t.RightBrace],
]);
export const closers: ReadonlySet<t.TokenType> = new Set(closerOf.values());

/** The first token that is nested too deep, or null; an `if` nests what follows it, as its `else` may be another `if`. */
export function tooDeep(tokens: readonly t.Token[]): t.Token | null {
  const conditionals: number[] = [0];
  let depth = 0;
  for (const token of tokens) {
    const type = token.tokenType;
    if (closerOf.has(type)) {
      conditionals.push(0);
      depth++;
    } else if (closers.has(type) && conditionals.length > 1) {
      depth -= 1 + (conditionals.pop() ?? 0);
    } else if (type === t.keywords.if) {
      conditionals.push((conditionals.pop() ?? 0) + 1);
      depth++;
    }
    if (depth > nestingLimit) return token;
  }
  return null;
}

/** The first token past what one statement may hold: each operator, dot and bracket can nest its operand once more. */
export function tooLong(tokens: readonly t.Token[]): t.Token | null {
  let count = 0;
  for (const token of tokens) {
    const nests = closerOf.has(token.tokenType) || token.tokenType === t.keywords.not || t.isOperator(token);
    if (nests && token.tokenType !== t.Comma && ++count > operatorLimit) return token;
  }
  return null;
}

/** The first bracket of a statement that does not pair, as a diagnostic, or null. */
export function unpaired(source: Source, tokens: readonly t.Token[]): Diagnostic | null {
  const open: t.Token[] = [];
  for (const token of tokens) {
    if (closerOf.has(token.tokenType)) {
      open.push(token);
    } else if (closers.has(token.tokenType)) {
      const opening = open.pop();
      if (opening === undefined) {
        return report("unmatched-bracket", tokenSpan(source, token), { bracket: token.image });
      }
      if (closerOf.get(opening.tokenType) !== token.tokenType) return unclosed(source, opening);
    }
  }
  const opening = open.pop();
  return opening === undefined ? null : unclosed(source, opening);
}

function unclosed(source: Source, opening: t.Token): Diagnostic {
  return report("unclosed-bracket", tokenSpan(source, opening), { bracket: opening.image });
}

export function tokenSpan(source: Source, token: t.Token): Span {
  return { source, start: token.startOffset, end: t.endOf(token) };
}
