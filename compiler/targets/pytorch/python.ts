/** Python's expressions, and how they are laid out: as `ruff format` does with lines of 100. */

export type Python =
  /** Words without an operator: a name, a number, a string. */
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "call"; readonly callee: Python; readonly arguments: readonly PythonArgument[] }
  | { readonly kind: "list"; readonly elements: readonly Python[] }
  /** Values by names, or all those of another dictionary. */
  | { readonly kind: "dict"; readonly entries: readonly PythonEntry[] }
  | { readonly kind: "comprehension"; readonly element: Python; readonly variable: string; readonly over: Python }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Python; readonly right: Python }
  | { readonly kind: "unary"; readonly operator: "-" | "~" | "not "; readonly operand: Python }
  | { readonly kind: "if"; readonly condition: Python; readonly then: Python; readonly otherwise: Python }
  | { readonly kind: "attribute"; readonly of: Python; readonly name: string }
  | { readonly kind: "index"; readonly of: Python; readonly index: Python };

export interface PythonArgument {
  readonly name: string | null;
  readonly value: Python;
}

/** A value by its name; one without a name is a dictionary, of which all entries are taken. */
export interface PythonEntry {
  readonly name: string | null;
  readonly value: Python;
}

const width = 100;

export function word(text: string): Python {
  return { kind: "word", text };
}

export function text(value: string): Python {
  return word(JSON.stringify(value));
}

export function attribute(of: Python, name: string): Python {
  return { kind: "attribute", of, name };
}

export function binary(operator: string, left: Python, right: Python): Python {
  return { kind: "binary", operator, left, right };
}

/** The elements of a list among others. */
export function starred(list: Python): Python {
  return word(`*${within(list, 13)}`);
}

/** A call with positional arguments, then those with names. */
export function call(callee: Python | string, positional: readonly Python[], named: Named = {}): Python {
  const byName = Object.entries(named).flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
  return {
    kind: "call",
    callee: typeof callee === "string" ? word(callee) : callee,
    arguments: [...positional.map((value) => ({ name: null, value })), ...byName],
  };
}

/** Arguments by name; those that are null are left out. */
export type Named = Readonly<Record<string, Python | null>>;

/** A method of a value. */
export function method(of: Python, name: string, positional: readonly Python[], named: Named = {}): Python {
  return call(attribute(of, name), positional, named);
}

const comparisons = ["==", "!=", "<", "<=", ">", ">=", "is", "is not"];
const levels: Readonly<Record<string, number>> = {
  or: 2,
  and: 3,
  ...Object.fromEntries(comparisons.map((operator) => [operator, 5])),
  "+": 8,
  "-": 8,
  "*": 9,
  "@": 9,
  "/": 9,
  "//": 9,
  "%": 9,
  "&": 7,
  "|": 6,
  "**": 11,
};

/** How tightly an expression holds together. */
function levelOf(python: Python): number {
  switch (python.kind) {
    case "if":
      return 1;
    case "binary":
      return levels[python.operator] ?? 0;
    case "unary":
      return python.operator === "not " ? 4 : 10;
    case "word":
      return python.text.startsWith("-") ? 10 : 13;
    case "call":
    case "list":
    case "dict":
    case "comprehension":
    case "attribute":
    case "index":
      return 13;
  }
}

function within(python: Python, level: number): string {
  return levelOf(python) < level ? `(${printPython(python)})` : printPython(python);
}

/** On one line. */
export function printPython(python: Python): string {
  switch (python.kind) {
    case "word":
      return python.text;
    case "call":
      return `${within(python.callee, 13)}(${python.arguments.map(argumentItem).map(printItem).join(", ")})`;
    case "list":
      return `[${python.elements.map(printPython).join(", ")}]`;
    case "dict":
      return `{${python.entries.map(entryItem).map(printItem).join(", ")}}`;
    case "comprehension":
      return `[${printPython(python.element)} for ${python.variable} in ${within(python.over, 2)}]`;
    case "binary": {
      const [left, right] = sideLevels(python.operator);
      const isHugged = python.operator === "**" && isSimple(python.left) && isSimple(python.right);
      const operator = isHugged ? "**" : ` ${python.operator} `;
      return `${within(python.left, left)}${operator}${within(python.right, right)}`;
    }
    case "unary":
      return `${python.operator}${within(python.operand, python.operator === "not " ? 4 : 10)}`;
    case "if":
      return `${within(python.then, 2)} if ${within(python.condition, 2)} else ${within(python.otherwise, 1)}`;
    case "attribute":
      return `${/^\d/.test(printPython(python.of)) ? `(${printPython(python.of)})` : within(python.of, 13)}.${python.name}`;
    case "index":
      return `${within(python.of, 13)}[${printPython(python.index)}]`;
  }
}

/** What `ruff format` puts no blanks between and a power: names, numbers and attributes of names. */
function isSimple(python: Python): boolean {
  if (python.kind === "attribute") return isSimple(python.of);
  if (python.kind === "unary") return python.operator === "-" && isSimple(python.operand);
  return python.kind === "word" && /^-?[\w.]+$/.test(python.text);
}

/** How tightly the sides of an operator must hold together. */
function sideLevels(operator: string): readonly [number, number] {
  const level = levels[operator] ?? 0;
  // Python chains comparisons and takes powers from the right.
  const isChained = level === 5 || operator === "**";
  return [isChained ? level + 1 : level, operator === "**" ? level - 1 : level + 1];
}

/** What stands between brackets and commas. */
interface Item {
  readonly before: string;
  readonly value: Python;
}

function argumentItem({ name, value }: PythonArgument): Item {
  return { before: name === null ? "" : `${name}=`, value };
}

function entryItem({ name, value }: PythonEntry): Item {
  return { before: name === null ? "**" : `${JSON.stringify(name)}: `, value };
}

function printItem({ before, value }: Item): string {
  return `${before}${printPython(value)}`;
}

function pad(indent: number): string {
  return " ".repeat(4 * indent);
}

/**
 * A statement of an expression between what stands before and after it, in as many lines as it needs. Within brackets it may be
 * cut at operators as it is; elsewhere it is put into brackets for that.
 */
export function layOut(
  indent: number,
  before: string,
  python: Python,
  after = "",
  isInBrackets = false,
): readonly string[] {
  const line = `${pad(indent)}${before}${printPython(python)}${after}`;
  if (line.length <= width) return [line];
  const isChain = python.kind !== "binary" && python.kind !== "if" && python.kind !== "unary";
  const opened =
    isChain || (!isInBrackets && opensByItself(python)) ? inOwnBrackets(indent, before, python, after) : null;
  if (opened !== null) return opened;
  const parts = atOperators(python);
  if (isInBrackets)
    return parts.flatMap(({ operator, operand }, index) => {
      const start = index === 0 ? before : operator;
      const end = index === parts.length - 1 ? after : "";
      return parts.length === 1 ? [line] : layOut(indent, start, operand, end, true);
    });
  const inside = printPython(python);
  const [open, close] = [`${pad(indent)}${before}(`, `${pad(indent)})${after}`];
  if (pad(indent + 1).length + inside.length <= width) return [open, `${pad(indent + 1)}${inside}`, close];
  return [open, ...parts.flatMap(({ operator, operand }) => layOut(indent + 1, operator, operand, "", true)), close];
}

/** What an expression is made of in its order: words that stay together, and brackets that may be opened. */
type Piece = string | Brackets;

interface Brackets {
  readonly open: string;
  readonly items: readonly Item[];
  readonly close: string;
  /**
   * How items stand that do not fit behind the bracket: together where they fit so, each on a line, as one that has no comma, or as
   * the clauses of a comprehension, which have none either.
   */
  readonly layout: "filled" | "listed" | "single" | "clauses";
}

function printItems(items: readonly Item[], layout: Brackets["layout"]): string {
  return items.map(printItem).join(layout === "clauses" ? " " : ", ");
}

function piecesOf(python: Python): readonly Piece[] {
  switch (python.kind) {
    case "call": {
      const items = python.arguments.map(argumentItem);
      return [...operandPieces(python.callee, 13), ...bracketsOf("(", items, ")", "filled")];
    }
    case "list":
      return bracketsOf(
        "[",
        python.elements.map((value) => ({ before: "", value })),
        "]",
        "listed",
      );
    case "dict":
      return bracketsOf("{", python.entries.map(entryItem), "}", "listed");
    case "attribute":
      return [...operandPieces(python.of, 13), `.${python.name}`];
    case "index":
      return [...operandPieces(python.of, 13), `[${printPython(python.index)}]`];
    case "binary": {
      const [left, right] = sideLevels(python.operator);
      return [...operandPieces(python.left, left), ` ${python.operator} `, ...operandPieces(python.right, right)];
    }
    case "comprehension": {
      const over = bracketed(python.over, 2);
      const clauses = [
        { before: "", value: python.element },
        { before: `for ${python.variable} in `, value: over },
      ];
      return bracketsOf("[", clauses, "]", "clauses");
    }
    case "word":
    case "unary":
    case "if":
      return [printPython(python)];
  }
}

function bracketsOf(open: string, items: readonly Item[], close: string, layout: Brackets["layout"]): readonly Piece[] {
  return items.length === 0 ? [`${open}${close}`] : [{ open, items, close, layout }];
}

/** An operand, in brackets where it holds together less tightly than it must. */
function operandPieces(python: Python, level: number): readonly Piece[] {
  if (levelOf(python) >= level) return piecesOf(python);
  return [{ open: "(", items: [{ before: "", value: python }], close: ")", layout: "single" }];
}

/** A single operator, of those that bind least, needs no brackets around it where others begin or end the whole. */
function opensByItself(python: Python): boolean {
  if (python.kind !== "binary" || atOperators(python).length !== 2) return false;
  const pieces = piecesOf(python);
  return [pieces[0], pieces.at(-1)].some((each) => each !== undefined && typeof each !== "string");
}

/** Opens brackets from the left as long as what stands up to the next ones does not fit; null where that is not enough. */
function inOwnBrackets(indent: number, before: string, python: Python, after: string): readonly string[] | null {
  const pieces = piecesOf(python);
  const lines: string[] = [];
  let line = `${pad(indent)}${before}`;
  for (const [index, piece] of pieces.entries()) {
    if (typeof piece === "string") {
      line += piece;
      continue;
    }
    const { open, items, close, layout } = piece;
    const flat = `${open}${printItems(items, layout)}${close}`;
    if (`${line}${flat}${upToBrackets(pieces.slice(index + 1), after)}`.length <= width) {
      line += flat;
      continue;
    }
    lines.push(`${line}${open}`, ...inside(indent + 1, items, layout));
    line = `${pad(indent)}${close}`;
  }
  const isOpened = lines.length > 0;
  lines.push(`${line}${after}`);
  const isOwn = (each: string): boolean => !each.startsWith(pad(indent + 1));
  return isOpened && lines.filter(isOwn).every(({ length }) => length <= width) ? lines : null;
}

/** What follows until a line may end: the next bracket, or the end. */
function upToBrackets(pieces: readonly Piece[], after: string): string {
  const next = pieces.findIndex((each) => typeof each !== "string");
  const words = pieces
    .slice(0, next < 0 ? undefined : next)
    .filter((each) => typeof each === "string")
    .join("");
  const bracket = pieces[next];
  return bracket === undefined || typeof bracket === "string" ? `${words}${after}` : `${words}${bracket.open}`;
}

function inside(indent: number, items: readonly Item[], layout: Brackets["layout"]): readonly string[] {
  const together = `${pad(indent)}${printItems(items, layout)}`;
  if (layout !== "listed" && together.length <= width) return [together];
  const comma = layout === "listed" || (layout === "filled" && items.length > 1) ? "," : "";
  return items.flatMap(({ before, value }) => layOut(indent, before, value, comma, true));
}

interface Part {
  readonly operator: string;
  readonly operand: Python;
}

/** An expression cut at its outermost operators, each part on a line of its own. */
function atOperators(python: Python): readonly Part[] {
  if (python.kind === "if") {
    return [
      { operator: "", operand: bracketed(python.then, 2) },
      { operator: "if ", operand: bracketed(python.condition, 2) },
      { operator: "else ", operand: python.otherwise },
    ];
  }
  if (python.kind !== "binary") return [{ operator: "", operand: python }];
  const level = levelOf(python);
  const cut = (side: Python): readonly Part[] =>
    side.kind === "binary" && levelOf(side) === level && level !== 5
      ? atOperators(side)
      : [{ operator: "", operand: bracketed(side, level) }];
  return [...cut(python.left), { operator: `${python.operator} `, operand: bracketed(python.right, level + 1) }];
}

/** An operand with the brackets that it needs beside its operator. */
function bracketed(python: Python, level: number): Python {
  return levelOf(python) < level ? word(`(${printPython(python)})`) : python;
}

/** What opens a block with a list of parameters: `def forward(self, x):`. */
export function layOutSignature(
  indent: number,
  before: string,
  parameters: readonly string[],
  after: string,
): readonly string[] {
  const line = `${pad(indent)}${before}(${parameters.join(", ")})${after}`;
  if (line.length <= width) return [line];
  const [start, end] = [`${pad(indent)}${before}(`, `${pad(indent)})${after}`];
  const together = `${pad(indent + 1)}${parameters.join(", ")}`;
  if (together.length <= width) return [start, together, end];
  return [start, ...parameters.map((each) => `${pad(indent + 1)}${each},`), end];
}

/** A line with a comment behind it, or above it where there is no room. */
export function withComment(indent: number, lines: readonly string[], comment: string | null): readonly string[] {
  if (comment === null) return lines;
  const [only, ...more] = lines;
  const beside = `${only ?? ""}  # ${comment}`;
  return more.length === 0 && beside.length <= width ? [beside] : [`${pad(indent)}# ${comment}`, ...lines];
}

export function indented(indent: number, line: string): string {
  return line === "" ? "" : `${pad(indent)}${line}`;
}
