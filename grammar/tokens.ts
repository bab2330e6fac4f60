import { createToken, type IToken, Lexer, type TokenType } from "chevrotain";

/** A name: ASCII letters, digits and underscores, so that it can be a checkpoint name, a node name and a file name. */
export const Identifier = createToken({ name: "Identifier", pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

const keywordTexts = [
  "import", "roles", "function", "module", "adapter", "wraps", "loss", "model", "encoder", "let", "param", "buffer",
  "part", "forward", "return", "for", "in", "repeat", "if", "then", "else", "when", "as", "named", "on", "also",
  "except", "freeze", "train", "expect", "require", "data", "eval", "and", "or", "not", "true", "false", "none",
  "infer",
] as const;

export type Keyword = (typeof keywordTexts)[number];

/** Every keyword, reserved everywhere but after a dot and before the `=` of an argument or a setting. */
export const keywords: Readonly<Record<Keyword, TokenType>> = Object.fromEntries(
  keywordTexts.map((text) => [text, createToken({ name: text, pattern: new RegExp(text), longer_alt: Identifier })]),
) as Record<Keyword, TokenType>;

/** Digits with underscores, a fraction, an exponent, and at most one suffix; the suffix belongs to the literal. */
export const NumberToken = createToken({
  name: "Number",
  pattern: /\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?(?:KB|MB|GB|K|M|B|%)?/,
});
export const StringToken = createToken({ name: "String", pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/ });
export const UnterminatedString = createToken({ name: "UnterminatedString", pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/ });

const symbol = (name: string, pattern: string): TokenType => createToken({ name, pattern });

export const Pipe = symbol("Pipe", "|>");
export const EqualEqual = symbol("EqualEqual", "==");
export const NotEqual = symbol("NotEqual", "!=");
export const LessEqual = symbol("LessEqual", "<=");
export const GreaterEqual = symbol("GreaterEqual", ">=");
export const Less = symbol("Less", "<");
export const Greater = symbol("Greater", ">");
export const Equal = symbol("Equal", "=");
export const Ellipsis = symbol("Ellipsis", "...");
export const DotDot = symbol("DotDot", "..");
export const Dot = symbol("Dot", ".");
export const Comma = symbol("Comma", ",");
export const Colon = symbol("Colon", ":");
export const Plus = symbol("Plus", "+");
export const Minus = symbol("Minus", "-");
export const StarStar = symbol("StarStar", "**");
export const Star = symbol("Star", "*");
export const SlashSlash = symbol("SlashSlash", "//");
export const Slash = symbol("Slash", "/");
export const LeftParenthesis = symbol("LeftParenthesis", "(");
export const RightParenthesis = symbol("RightParenthesis", ")");
export const LeftBracket = symbol("LeftBracket", "[");
export const RightBracket = symbol("RightBracket", "]");
export const LeftBrace = symbol("LeftBrace", "{");
export const RightBrace = symbol("RightBrace", "}");

const WhiteSpace = createToken({ name: "WhiteSpace", pattern: /[ \t\r\n\uFEFF]+/, group: Lexer.SKIPPED, line_breaks: true });
const CommentToken = createToken({ name: "Comment", pattern: /#[^\r\n]*/, group: "comments" });

/** All tokens, longer symbols before their prefixes, keywords before names. */
export const vocabulary: readonly TokenType[] = [
  WhiteSpace, CommentToken, ...Object.values(keywords), Identifier, NumberToken, StringToken, UnterminatedString,
  Pipe, EqualEqual, NotEqual, LessEqual, GreaterEqual, Less, Greater, Equal, Ellipsis, DotDot, Dot, Comma, Colon, Plus,
  Minus, StarStar, Star, SlashSlash, Slash, LeftParenthesis, RightParenthesis, LeftBracket, RightBracket, LeftBrace,
  RightBrace,
];

export const lexer = new Lexer([...vocabulary], { positionTracking: "onlyOffset", ensureOptimizations: true });

const keywordTypes: ReadonlySet<TokenType> = new Set(Object.values(keywords));

export function isKeyword(token: IToken): boolean {
  return keywordTypes.has(token.tokenType);
}

/** The offset after a token's last character; Chevrotain's own `endOffset` is that of the last character. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}
