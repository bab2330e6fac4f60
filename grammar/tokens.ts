/** What a token is; each is one object, compared by identity. */
export interface TokenType {
  /** As messages name it. */
  readonly label: string;
  /** True for names and keywords, which are names after a dot and before an `=`. */
  readonly isWord: boolean;
  /** True for what stands between two operands; `precedence.ts` says how tightly each holds them. */
  readonly isBinary: boolean;
}

export interface Token {
  readonly tokenType: TokenType;
  readonly image: string;
  readonly startOffset: number;
}

/** A name: ASCII letters, digits and underscores, so that it can be a checkpoint name, a node name and a file name. */
export const Identifier: TokenType = { label: "a name", isWord: true, isBinary: false };

function keyword(text: string, isBinary = false): TokenType {
  return { label: `\`${text}\``, isWord: true, isBinary };
}

/** Every keyword, reserved everywhere but after a dot and before the `=` of an argument or a setting. */
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
  and: keyword("and", true),
  or: keyword("or", true),
  not: keyword("not"),
  true: keyword("true"),
  false: keyword("false"),
  none: keyword("none"),
} as const;

/** Digits with underscores, a fraction, an exponent, and at most one suffix; the suffix belongs to the literal. */
export const NumberToken: TokenType = { label: "a number", isWord: false, isBinary: false };
export const StringToken: TokenType = { label: "a string", isWord: false, isBinary: false };
export const UnterminatedString: TokenType = { label: "an unterminated string", isWord: false, isBinary: false };
/** A run of characters that no token starts with. */
export const Unexpected: TokenType = { label: "an unexpected character", isWord: false, isBinary: false };
const Comment: TokenType = { label: "a comment", isWord: false, isBinary: false };

const symbols = new Map<string, TokenType>();

function symbol(text: string, isBinary = false): TokenType {
  const type = { label: `\`${text}\``, isWord: false, isBinary };
  symbols.set(text, type);
  return type;
}

export const Pipe = symbol("|>");
export const Arrow = symbol("=>");
symbol("==", true);
symbol("!=", true);
export const LessEqual = symbol("<=", true);
export const GreaterEqual = symbol(">=", true);
export const Less = symbol("<", true);
export const Greater = symbol(">", true);
export const Equal = symbol("=");
export const Ellipsis = symbol("...");
export const DotDot = symbol("..", true);
export const Dot = symbol(".");
export const Comma = symbol(",");
export const Colon = symbol(":");
export const Plus = symbol("+", true);
export const Minus = symbol("-", true);
export const StarStar = symbol("**");
export const Star = symbol("*", true);
symbol("//", true);
symbol("%", true);
export const Slash = symbol("/", true);
export const LeftParenthesis = symbol("(");
export const RightParenthesis = symbol(")");
export const LeftBracket = symbol("[");
export const RightBracket = symbol("]");
export const LeftBrace = symbol("{");
export const RightBrace = symbol("}");

const keywordsByText: ReadonlyMap<string, TokenType> = new Map(Object.entries(keywords));

/**
 * One token, blanks or a comment; each kind is a group. Symbols stand longer before their prefixes, a whole string before
 * one that its line ends.
 */
const pattern = new RegExp(
  [
    /([ \t\r\n\uFEFF]+)/,
    /(#[^\r\n]*)/,
    /([A-Za-z_][A-Za-z0-9_]*)/,
    /(\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?(?:KB|MB|GB|K|M|B|%)?)/,
    /("(?:[^"\\\r\n]|\\[^\r\n])*")/,
    /("(?:[^"\\\r\n]|\\[^\r\n])*\\?)/,
    /(\|>|=>|==|!=|<=|>=|\.{3}|\.{2}|\*{2}|\/{2}|[<>=.,:+\-*/%()[\]{}])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "y",
);

/** The tokens of a text in order, with the characters that mean nothing among them, and its comments. */
export function lex(text: string): { readonly tokens: readonly Token[]; readonly comments: readonly Token[] } {
  const tokens: Token[] = [];
  const comments: Token[] = [];
  let stray = -1;
  for (let at = 0; at < text.length; ) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      if (stray < 0) stray = at;
      at++;
      continue;
    }
    if (stray >= 0) tokens.push({ tokenType: Unexpected, image: text.slice(stray, at), startOffset: stray });
    stray = -1;
    const [image, blank] = match;
    const tokenType = typeOf(match);
    if (tokenType === Comment) comments.push({ tokenType, image, startOffset: at });
    else if (blank === undefined) tokens.push({ tokenType, image, startOffset: at });
    at += image.length;
  }
  if (stray >= 0) tokens.push({ tokenType: Unexpected, image: text.slice(stray), startOffset: stray });
  return { tokens, comments };
}

function typeOf([image, , comment, word, number, string, unterminated]: RegExpExecArray): TokenType {
  if (comment !== undefined) return Comment;
  if (word !== undefined) return keywordsByText.get(word) ?? Identifier;
  if (number !== undefined) return NumberToken;
  if (string !== undefined) return StringToken;
  if (unterminated !== undefined) return UnterminatedString;
  return symbols.get(image) ?? Unexpected;
}

const keywordTypes: ReadonlySet<TokenType> = new Set(Object.values(keywords));
const valueTypes: ReadonlySet<TokenType> = new Set([keywords.true, keywords.false, keywords.none, keywords.infer]);
/** Beside the operators: the symbols after which more must come. */
const joiningTypes: ReadonlySet<TokenType> = new Set([Pipe, Arrow, Equal, Dot, Comma, Colon]);

export function isKeyword(token: Token): boolean {
  return keywordTypes.has(token.tokenType);
}

/** True for a name or a keyword, which is a name where the grammar says so. */
export function isWord(token: Token): boolean {
  return token.tokenType.isWord;
}

/** Tells `group text { ... }` of a model from a call of what is named `group`. */
export function startsGroup([first, second]: readonly Token[]): boolean {
  if (first?.tokenType !== Identifier || first.image !== "group" || second === undefined) return false;
  return isWord(second) || second.tokenType === Star || second.tokenType === StarStar;
}

/** True for the keywords that are values: `true`, `false`, `none`, `infer`. */
export function isValue(token: Token): boolean {
  return valueTypes.has(token.tokenType);
}

/** True for the symbols after which an operand or a further element must come. */
export function isOperator(token: Token): boolean {
  return joiningTypes.has(token.tokenType) || token.tokenType.isBinary;
}

/** The offset after a token's last character. */
export function endOf(token: Token): number {
  return token.startOffset + token.image.length;
}
