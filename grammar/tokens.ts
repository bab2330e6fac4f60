import { createToken, createTokenInstance, type IToken, Lexer, type TokenType } from "chevrotain";

/** Names and keywords alike, for the places where a keyword is a name like any other: after a dot, before an `=`. */
export const Word = createToken({ name: "Word", label: "a name", pattern: Lexer.NA });

/** Every operator between two operands; `precedence.ts` says how tightly each holds them. */
export const BinaryOperator = createToken({ name: "BinaryOperator", label: "an operator", pattern: Lexer.NA });

/** A name: ASCII letters, digits and underscores, so that it can be a checkpoint name, a node name and a file name. */
export const Identifier = createToken({
  name: "Identifier",
  label: "a name",
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  categories: [Word],
});

function keyword(text: string, ...categories: readonly TokenType[]): TokenType {
  const name = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  const pattern = new RegExp(text);
  return createToken({
    name,
    label: `\`${text}\``,
    pattern,
    longer_alt: Identifier,
    categories: [Word, ...categories],
  });
}

/**
 * Every keyword, reserved everywhere but after a dot and before the `=` of an argument or a setting. Where one begins
 * another (`in`, `infer`), the longer stands first.
 */
export const keywords = {
  import: keyword("import"),
  roles: keyword("roles"),
  function: keyword("function"),
  module: keyword("module"),
  adapter: keyword("adapter"),
  wraps: keyword("wraps"),
  loss: keyword("loss"),
  model: keyword("model"),
  encoder: keyword("encoder"),
  let: keyword("let"),
  param: keyword("param"),
  buffer: keyword("buffer"),
  part: keyword("part"),
  forward: keyword("forward"),
  return: keyword("return"),
  for: keyword("for"),
  infer: keyword("infer"),
  in: keyword("in"),
  repeat: keyword("repeat"),
  if: keyword("if"),
  then: keyword("then"),
  else: keyword("else"),
  when: keyword("when"),
  as: keyword("as"),
  named: keyword("named"),
  on: keyword("on"),
  also: keyword("also"),
  except: keyword("except"),
  freeze: keyword("freeze"),
  train: keyword("train"),
  expect: keyword("expect"),
  require: keyword("require"),
  data: keyword("data"),
  eval: keyword("eval"),
  and: keyword("and", BinaryOperator),
  or: keyword("or", BinaryOperator),
  not: keyword("not"),
  true: keyword("true"),
  false: keyword("false"),
  none: keyword("none"),
} as const;

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
const EqualEqual = symbol("EqualEqual", "==", BinaryOperator);
const NotEqual = symbol("NotEqual", "!=", BinaryOperator);
export const LessEqual = symbol("LessEqual", "<=", BinaryOperator);
export const GreaterEqual = symbol("GreaterEqual", ">=", BinaryOperator);
export const Less = symbol("Less", "<", BinaryOperator);
export const Greater = symbol("Greater", ">", BinaryOperator);
export const Equal = symbol("Equal", "=");
export const Ellipsis = symbol("Ellipsis", "...");
export const DotDot = symbol("DotDot", "..", BinaryOperator);
export const Dot = symbol("Dot", ".");
export const Comma = symbol("Comma", ",");
export const Colon = symbol("Colon", ":");
export const Plus = symbol("Plus", "+", BinaryOperator);
export const Minus = symbol("Minus", "-", BinaryOperator);
export const StarStar = symbol("StarStar", "**");
export const Star = symbol("Star", "*", BinaryOperator);
const SlashSlash = symbol("SlashSlash", "//", BinaryOperator);
export const Slash = symbol("Slash", "/", BinaryOperator);
export const LeftParenthesis = symbol("LeftParenthesis", "(");
export const RightParenthesis = symbol("RightParenthesis", ")");
export const LeftBracket = symbol("LeftBracket", "[");
export const RightBracket = symbol("RightBracket", "]");
export const LeftBrace = symbol("LeftBrace", "{");
export const RightBrace = symbol("RightBrace", "}");

/** A run of characters that no token starts with; made after lexing, so that the statement around it is known. */
export const Unexpected = createToken({ name: "Unexpected", pattern: Lexer.NA });

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
  BinaryOperator,
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

const lexer = new Lexer([...vocabulary], { positionTracking: "onlyOffset", ensureOptimizations: true });

/** The tokens of a text in order, with the characters that mean nothing among them, and its comments. */
export function lex(text: string): { readonly tokens: readonly IToken[]; readonly comments: readonly IToken[] } {
  const { tokens, errors, groups } = lexer.tokenize(text);
  const strays = errors.map(({ offset, length }) =>
    createTokenInstance(Unexpected, text.slice(offset, offset + length), offset, offset + length - 1, 0, 0, 0, 0),
  );
  const all = strays.length === 0 ? tokens : [...tokens, ...strays].sort((a, b) => a.startOffset - b.startOffset);
  return { tokens: all, comments: groups["comments"] ?? [] };
}

const keywordTypes: ReadonlySet<TokenType> = new Set(Object.values(keywords));
const valueTypes: ReadonlySet<TokenType> = new Set([keywords.true, keywords.false, keywords.none, keywords.infer]);
/** Beside the operators: the symbols after which more must come. */
const joiningTypes: ReadonlySet<TokenType> = new Set([Pipe, Equal, Dot, Comma, Colon]);

export function isKeyword(token: IToken): boolean {
  return keywordTypes.has(token.tokenType);
}

/** True for a name or a keyword, which is a name where the grammar says so. */
export function isWord(token: IToken): boolean {
  return token.tokenType === Identifier || isKeyword(token);
}

/** True for the keywords that are values: `true`, `false`, `none`, `infer`. */
export function isValue(token: IToken): boolean {
  return valueTypes.has(token.tokenType);
}

/** True for the symbols after which an operand or a further element must come. */
export function isOperator(token: IToken): boolean {
  return joiningTypes.has(token.tokenType) || (token.tokenType.CATEGORIES ?? []).includes(BinaryOperator);
}

/** The offset after a token's last character; Chevrotain's own `endOffset` is that of the last character. */
export function endOf(token: IToken): number {
  return token.startOffset + token.image.length;
}
