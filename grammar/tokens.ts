import { createToken, type IToken, Lexer, type TokenType } from "chevrotain";

/** Names and keywords alike, for the places where a keyword is a name like any other: after a dot, before an `=`. */
export const Word = createToken({ name: "Word", label: "a name", pattern: Lexer.NA });

const operatorClass = (name: string, label: string): TokenType => createToken({ name, label, pattern: Lexer.NA });

export const Comparison = operatorClass("Comparison", "a comparison");
export const AdditionOperator = operatorClass("AdditionOperator", "`+` or `-`");
export const MultiplicationOperator = operatorClass("MultiplicationOperator", "`*`, `/` or `//`");

/** A name: ASCII letters, digits and underscores, so that it can be a checkpoint name, a node name and a file name. */
export const Identifier = createToken({
  name: "Identifier",
  label: "a name",
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  categories: [Word],
});

const keywordTexts = [
  "import",
  "roles",
  "function",
  "module",
  "adapter",
  "wraps",
  "loss",
  "model",
  "encoder",
  "let",
  "param",
  "buffer",
  "part",
  "forward",
  "return",
  "for",
  "in",
  "repeat",
  "if",
  "then",
  "else",
  "when",
  "as",
  "named",
  "on",
  "also",
  "except",
  "freeze",
  "train",
  "expect",
  "require",
  "data",
  "eval",
  "and",
  "or",
  "not",
  "true",
  "false",
  "none",
  "infer",
] as const;

export type Keyword = (typeof keywordTexts)[number];

/** Every keyword, reserved everywhere but after a dot and before the `=` of an argument or a setting. */
export const keywords: Readonly<Record<Keyword, TokenType>> = Object.fromEntries(
  keywordTexts.map((text) => [
    text,
    createToken({
      name: text,
      label: `\`${text}\``,
      pattern: new RegExp(text),
      longer_alt: Identifier,
      categories: [Word],
    }),
  ]),
) as Record<Keyword, TokenType>;

/** Digits with underscores, a fraction, an exponent, and at most one suffix; the suffix belongs to the literal. */
export const NumberToken = createToken({
  name: "Number",
  label: "a number",
  pattern: /\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?(?:KB|MB|GB|K|M|B|%)?/,
});
export const StringToken = createToken({
  name: "String",
  label: "a string",
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/,
});
export const UnterminatedString = createToken({
  name: "UnterminatedString",
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*\\?/,
});

const symbol = (name: string, pattern: string, category?: TokenType): TokenType =>
  createToken({ name, label: `\`${pattern}\``, pattern, ...(category && { categories: [category] }) });

export const Pipe = symbol("Pipe", "|>");
export const EqualEqual = symbol("EqualEqual", "==", Comparison);
export const NotEqual = symbol("NotEqual", "!=", Comparison);
export const LessEqual = symbol("LessEqual", "<=", Comparison);
export const GreaterEqual = symbol("GreaterEqual", ">=", Comparison);
export const Less = symbol("Less", "<", Comparison);
export const Greater = symbol("Greater", ">", Comparison);
export const Equal = symbol("Equal", "=");
export const Ellipsis = symbol("Ellipsis", "...");
export const DotDot = symbol("DotDot", "..");
export const Dot = symbol("Dot", ".");
export const Comma = symbol("Comma", ",");
export const Colon = symbol("Colon", ":");
export const Plus = symbol("Plus", "+", AdditionOperator);
export const Minus = symbol("Minus", "-", AdditionOperator);
export const StarStar = symbol("StarStar", "**");
export const Star = symbol("Star", "*", MultiplicationOperator);
export const SlashSlash = symbol("SlashSlash", "//", MultiplicationOperator);
export const Slash = symbol("Slash", "/", MultiplicationOperator);
export const LeftParenthesis = symbol("LeftParenthesis", "(");
export const RightParenthesis = symbol("RightParenthesis", ")");
export const LeftBracket = symbol("LeftBracket", "[");
export const RightBracket = symbol("RightBracket", "]");
export const LeftBrace = symbol("LeftBrace", "{");
export const RightBrace = symbol("RightBrace", "}");

const WhiteSpace = createToken({
  name: "WhiteSpace",
  pattern: /[ \t\r\n\uFEFF]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
const CommentToken = createToken({ name: "Comment", pattern: /#[^\r\n]*/, group: "comments" });

/** All tokens, longer symbols before their prefixes, keywords before names. */
export const vocabulary: readonly TokenType[] = [
  Word,
  Comparison,
  AdditionOperator,
  MultiplicationOperator,
  WhiteSpace,
  CommentToken,
  ...Object.values(keywords),
  Identifier,
  NumberToken,
  StringToken,
  UnterminatedString,
  Pipe,
  EqualEqual,
  NotEqual,
  LessEqual,
  GreaterEqual,
  Less,
  Greater,
  Equal,
  Ellipsis,
  DotDot,
  Dot,
  Comma,
  Colon,
  Plus,
  Minus,
  StarStar,
  Star,
  SlashSlash,
  Slash,
  LeftParenthesis,
  RightParenthesis,
  LeftBracket,
  RightBracket,
  LeftBrace,
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
