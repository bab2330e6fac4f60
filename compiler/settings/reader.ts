import {
  type Call,
  type Diagnostic,
  didYouMean,
  type Expression,
  type File,
  report,
  type Setting,
  type SettingsName,
  type Span,
} from "../../grammar/index.ts";

/** `adamw(lr = 1e-4)` or a bare `adamw`. */
export interface NamedCall {
  readonly name: string | null;
  readonly call: Call | null;
}

/** Reads the entries of one settings block, and reports those that it does not have or that cannot mean anything. */
export class SettingReader {
  readonly diagnostics: Diagnostic[] = [];
  private readonly entries: ReadonlyMap<string, Setting>;

  constructor(file: File, block: SettingsName, settingNames: readonly string[]) {
    const entries = file.items.flatMap((item) =>
      item.kind === "settings" && item.block === block ? item.entries : [],
    );
    this.entries = new Map(entries.map((entry) => [entry.name.text, entry]));
    for (const { name } of entries) {
      if (settingNames.includes(name.text)) continue;
      const help = didYouMean(name.text, settingNames) ?? `its settings are ${settingNames.join(", ")}`;
      this.diagnostics.push(report("unknown-setting", name.span, { name: name.text, block }, { help }));
    }
  }

  /** A whole number of at least `least`. */
  count(name: string, otherwise: number, least = 1): number {
    const expected = least === 1 ? "a whole number above 0" : "a whole number that is not negative";
    const value = this.number(name, expected);
    if (value === null) return otherwise;
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(name, expected);
    return otherwise;
  }

  optionalCount(name: string): number | null {
    return this.entries.has(name) ? this.count(name, 1) : null;
  }

  optionalNumber(name: string): number | null {
    const value = this.number(name, "a number above 0");
    if (value !== null && value <= 0) this.refuse(name, "a number above 0");
    return value;
  }

  choice(name: string, choices: readonly string[]): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "string" && choices.includes(value.value)) return value.value;
    this.refuse(name, choices.map((choice) => `"${choice}"`).join(" or "));
    return null;
  }

  /** One of some words, which are written without quotes. */
  word(name: string, words: readonly string[]): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    // `none` is a value of the language, not a name.
    const word = value.kind === "name" ? value.text : value.kind;
    if (words.includes(word)) return word;
    this.refuse(name, words.map((word) => `\`${word}\``).join(" or "));
    return null;
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** An amount of memory, such as `16GB`, in bytes. */
  amount(name: string): { readonly bytes: number; readonly span: Span } | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "number" && value.value > 0 && /[MG]B$/.test(value.text)) {
      return { bytes: value.value, span: value.span };
    }
    this.refuse(name, "an amount above 0 in `MB` or `GB`, such as `16GB`");
    return null;
  }

  /** A name, which is written without quotes. */
  name(name: string): { readonly text: string; readonly span: Span } | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "name") return { text: value.text, span: value.span };
    this.refuse(name, "the name of a `let` of the model");
    return null;
  }

  string(name: string, otherwise: string): string {
    return this.optionalString(name) ?? otherwise;
  }

  optionalString(name: string): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "string" && value.value !== "") return value.value;
    this.refuse(name, "a string that is not empty");
    return null;
  }

  /** A list of strings, of which no two are equal. */
  strings(name: string, expected: string, isRight: (strings: readonly string[]) => boolean): readonly string[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    const elements = value.kind === "list" ? value.elements : [];
    const strings = elements.flatMap((element) => (element.kind === "string" ? [element.value] : []));
    const isList = value.kind === "list" && strings.length === elements.length;
    if (isList && new Set(strings).size === strings.length && isRight(strings)) return strings;
    this.refuse(name, expected);
    return null;
  }

  /** A list of so many numbers. */
  numbers(
    name: string,
    count: number,
    expected: string,
    isRight: (numbers: readonly number[]) => boolean,
  ): readonly number[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    const numbers = value.kind === "list" ? value.elements.map(literal) : [];
    const found = numbers.flatMap((number) => number ?? []);
    if (numbers.length === count && found.length === count && isRight(found)) return found;
    this.refuse(name, expected);
    return null;
  }

  call(name: string, names: readonly string[], expected: string): NamedCall {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return { name: null, call: null };
    const callee = value.kind === "call" ? value.callee : value;
    if (callee.kind === "name" && names.includes(callee.text)) {
      return { name: callee.text, call: value.kind === "call" ? value : null };
    }
    this.refuse(name, expected);
    return { name: null, call: null };
  }

  /** Refuses arguments that a call does not have. */
  known({ name, call }: NamedCall, names: readonly string[]): void {
    for (const argument of call?.arguments ?? []) {
      if (argument.name !== null && names.includes(argument.name.text)) continue;
      const written = argument.name?.text ?? "";
      const help = didYouMean(written, names) ?? `its arguments are ${names.join(", ")}`;
      const params = { name: written, callee: name ?? "" };
      this.diagnostics.push(report("unknown-argument", argument.span, params, { help }));
    }
  }

  argument({ call }: NamedCall, name: string, otherwise: number): number {
    const argument = call?.arguments.find((each) => each.name?.text === name);
    if (argument === undefined) return otherwise;
    const value = literal(argument.value);
    if (value !== null) return value;
    this.diagnostics.push(report("bad-setting", argument.value.span, { name, expected: "a number" }));
    return otherwise;
  }

  pair({ call }: NamedCall, name: string, otherwise: readonly [number, number]): readonly [number, number] {
    const argument = call?.arguments.find((each) => each.name?.text === name);
    if (argument === undefined) return otherwise;
    const elements = argument.value.kind === "list" ? argument.value.elements.map(literal) : [];
    const [first, second] = elements;
    if (elements.length === 2 && typeof first === "number" && typeof second === "number") return [first, second];
    this.diagnostics.push(report("bad-setting", argument.value.span, { name, expected: "a list of two numbers" }));
    return otherwise;
  }

  private number(name: string, expected: string): number | null {
    const entry = this.entries.get(name);
    if (entry === undefined) return null;
    const value = literal(entry.value);
    if (value === null) this.refuse(name, expected);
    return value;
  }

  refuse(name: string, expected: string): void {
    const entry = this.entries.get(name);
    if (entry !== undefined) this.diagnostics.push(report("bad-setting", entry.value.span, { name, expected }));
  }
}

function literal(expression: Expression): number | null {
  if (expression.kind === "number") return expression.value;
  if (expression.kind !== "unary" || expression.operator !== "-" || expression.operand.kind !== "number") return null;
  return -expression.operand.value;
}
