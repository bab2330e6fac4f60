import { keywords, lex, type Token } from "../../grammar/index.ts";

/** The kinds of bodies that a place can be in. */
export type BlockKind =
  | "file"
  | "model"
  | "module"
  | "adapter"
  | "function"
  | "loss"
  | "roles"
  | "forward"
  | "for"
  | "train"
  | "data"
  | "eval"
  | "group";

/** A call whose brackets are open at a place. */
export interface OpenCall {
  /** What is called, as it is written: `lora`, or `v.block`. */
  readonly callee: string;
  /** Where the name of what is called ends. */
  readonly offset: number;
  /** How many arguments stand before the place. */
  readonly index: number;
  /** The name of the argument at the place, if it has one so far. */
  readonly named: string | null;
  readonly given: readonly string[];
}

/** A place in a text that may be broken, told by the tokens before it. */
export interface Cursor {
  /** The letters before the place that belong to the name being typed. */
  readonly prefix: string;
  /** Where they start. */
  readonly start: number;
  readonly block: BlockKind;
  /** The tokens of the statement before the name being typed, those in brackets included. */
  readonly statement: readonly Token[];
  readonly call: OpenCall | null;
  readonly inside: "text" | "string" | "comment";
}

const openers: ReadonlyMap<string, BlockKind> = new Map(
  (
    [
      "model",
      "module",
      "adapter",
      "function",
      "loss",
      "roles",
      "forward",
      "for",
      "train",
      "data",
      "eval",
      "group",
    ] as const
  ).map((each) => [each, each]),
);

/** Tells what is being written at an offset. */
export function cursorAt(text: string, offset: number): Cursor {
  const before = text.slice(0, offset);
  const [prefix = ""] = /[A-Za-z_]\w*$/.exec(before) ?? [];
  const start = offset - prefix.length;
  const { tokens, comments } = lex(text.slice(0, start));
  const last = tokens.at(-1);
  const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  const comment = comments.at(-1);
  const isComment = comment !== undefined && comment.startOffset >= lineStart;
  const isString = last?.image.startsWith('"') === true && !/^"(?:[^"\\]|\\.)*"$/.test(last.image);
  const { block, statement, open } = scan(text, tokens);
  return {
    prefix,
    start,
    block,
    statement,
    call: callOf(tokens, open),
    inside: isComment ? "comment" : isString ? "string" : "text",
  };
}

/** The innermost body, the tokens since its last statement began, and the brackets that are open, by their places among the tokens. */
function scan(text: string, tokens: readonly Token[]) {
  const blocks: BlockKind[] = [];
  let open: number[] = [];
  let first = 0;
  for (const [index, { image, startOffset }] of tokens.entries()) {
    const previous = tokens[index - 1];
    const isNewLine =
      previous !== undefined && /[\r\n]/.test(text.slice(previous.startOffset + previous.image.length, startOffset));
    if (isNewLine && open.length === 0 && startsStatement(image, previous)) first = index;
    if (image === "(" || image === "[") open.push(index);
    else if (image === ")" || image === "]") open.pop();
    else if (image === "{") {
      blocks.push(kindOf(tokens.slice(first, index)));
      open = [];
      first = index + 1;
    } else if (image === "}") {
      blocks.pop();
      open = [];
      first = index + 1;
    }
  }
  const end = tokens.at(-1);
  return {
    block: blocks.at(-1) ?? "file",
    statement: end === undefined ? [] : statementOf(text, tokens, first, open),
    open,
  };
}

/** Nothing where a new line begins a statement. */
function statementOf(text: string, tokens: readonly Token[], first: number, open: readonly number[]): readonly Token[] {
  const own = tokens.slice(first);
  const last = own.at(-1);
  if (last === undefined || open.length > 0) return own;
  const rest = text.slice(last.startOffset + last.image.length);
  return /^[ \t]*[\r\n]/.test(rest) && !continues(last) ? [] : own;
}

/** A line that begins with an operator belongs to the one before it, as does one after a comma or an operator. */
function startsStatement(image: string, previous: Token): boolean {
  return (
    /^[A-Za-z_]/.test(image) &&
    !["named", "as", "when", "on", "also", "except", "then", "else"].includes(image) &&
    !continues(previous)
  );
}

function continues({ image }: Token): boolean {
  return /^(?:,|=|=>|\|>|[-+*/%.]|\/\/|==|!=|<=|>=|<|>|on|except|and|or|not|then|else|if|named|as|when|in)$/.test(
    image,
  );
}

function kindOf(head: readonly Token[]): BlockKind {
  for (const { image } of head) {
    const kind = openers.get(image);
    if (kind !== undefined) return kind;
  }
  return "file";
}

/** The call that the innermost open parenthesis is of. */
function callOf(tokens: readonly Token[], open: readonly number[]): OpenCall | null {
  const at = open.findLast((index) => tokens[index]?.image === "(");
  if (at === undefined) return null;
  const name = tokens[at - 1];
  if (name === undefined || !/^[A-Za-z_]/.test(name.image) || name.image in keywords) return null;
  const isQualified = tokens[at - 2]?.image === ".";
  const qualifier = isQualified ? (tokens[at - 3]?.image ?? "") : "";
  let depth = 0;
  let index = 0;
  const given: string[] = [];
  let named: string | null = null;
  for (const [place, { image }] of tokens.entries()) {
    if (place <= at) continue;
    if (image === "(" || image === "[" || image === "{") depth++;
    else if (image === ")" || image === "]" || image === "}") depth--;
    else if (depth === 0 && image === ",") {
      index++;
      named = null;
    } else if (depth === 0 && image === "=") {
      named = tokens[place - 1]?.image ?? null;
      if (named !== null) given.push(named);
    }
  }
  const callee = isQualified ? `${qualifier}.${name.image}` : name.image;
  return { callee, offset: name.startOffset + name.image.length, index, named, given };
}

/** What stands before a dot that a place follows: `text`, `layers` before `text.layers[3].`, and that as it is written. */
export function pathBefore(
  text: string,
  start: number,
): { readonly written: string; readonly names: readonly string[] } {
  const [written = ""] = /(?:[A-Za-z_*][\w*]*(?:\[[^\][]*\])?\.)*$/.exec(text.slice(0, start)) ?? [];
  const names = written.replace(/\[[^\][]*\]/g, "").split(".");
  return { written, names: names.slice(0, -1) };
}
