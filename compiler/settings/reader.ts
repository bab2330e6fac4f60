import {
  type Call,
  type Diagnostic,
  didYouMean,
  type Expression,
  type Extra,
  type File,
  type Help,
  report,
  type Setting,
  type Span,
} from "../../grammar/index.ts";
import { at } from "../at.ts";
import { computedNotes, isAmount, literal, numbersIn, quoted, unquoted, wholeNumberFrom } from "./literals.ts";
import type { NamedCall, Range, SpannedCall } from "./named-call.ts";

/**
 * Reads the settings of a block, or those that a call has as named arguments, and reports those that it does not have or that cannot
 * mean anything.
 */
export class SettingReader<Name extends string> {
  private readonly reported: Diagnostic[] = [];
  private readonly entries: ReadonlyMap<string, Setting>;
  private readonly refused = new Set<string>();

  /** `owner` is the name of the block or of what is called; `renamed` has the present name of a setting by its former one. */
  constructor(
    source: File | Call,
    owner: string,
    settingNames: readonly Name[],
    renamed: ReadonlyMap<string, string> = new Map(),
  ) {
    const entries = source.kind === "file" ? entriesOf(source, owner) : this.argumentsOf(source, owner, settingNames);
    const first = new Map<string, Setting>();
    for (const entry of entries) {
      const { name } = entry;
      const earlier = first.get(name.text);
      // Within a block the parser has found it.
      if (earlier !== undefined) {
        const labels = [{ span: earlier.name.span, message: "first here" }];
        this.reported.push(report("duplicate-member", name.span, { name: name.text }, { labels }));
        continue;
      }
      first.set(name.text, entry);
      if (settingNames.some((known) => known === name.text)) continue;
      const present = renamed.get(name.text);
      if (present !== undefined) {
        const fixes = [{ title: `write \`${present}\``, span: name.span, text: present }];
        this.reported.push(report("renamed-setting", name.span, { name: name.text, present }, { fixes }));
        continue;
      }
      if (source.kind === "call") {
        const help = didYouMean(name.text, settingNames) ?? `its arguments are ${settingNames.join(", ")}`;
        this.reported.push(report("unknown-argument", name.span, { name: name.text, callee: owner }, { help }));
        continue;
      }
      const help = didYouMean(name.text, settingNames) ?? `its settings are ${settingNames.join(", ")}`;
      this.reported.push(report("unknown-setting", name.span, { name: name.text, block: owner }, { help }));
    }
    this.entries = first;
  }

  private argumentsOf(call: Call, callee: string, names: readonly Name[]): readonly Setting[] {
    return call.arguments.flatMap(({ name, value, span }) => {
      if (name !== null) return [{ name, value, span }];
      const expected = `given its arguments by name, such as \`${at(names, 0)} = ...\``;
      this.reported.push(report("bad-setting", span, { name: callee, expected }));
      return [];
    });
  }

  /** What was reported so far, in the order of the text. */
  get diagnostics(): readonly Diagnostic[] {
    // What is about no place comes first.
    return this.reported.toSorted((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0));
  }

  /** A whole number of at least `least`. */
  count(name: Name, otherwise: number, least = 1): number {
    const expected = wholeNumberFrom(least);
    const value = this.number(name, expected);
    if (value === null) return otherwise;
    if (Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(name, expected);
    return otherwise;
  }

  optionalCount(name: Name): number | null {
    return this.entries.has(name) ? this.count(name, 1) : null;
  }

  optionalNumber(name: Name): number | null {
    const value = this.number(name, "a number above 0");
    if (value !== null && value <= 0) this.refuse(name, "a number above 0");
    return value;
  }

  /** Any number. */
  optionalFinite(name: Name): number | null {
    const value = this.number(name, "a number");
    if (value !== null && !Number.isFinite(value)) this.refuse(name, "a number");
    return Number.isFinite(value) ? value : null;
  }

  choice<Choice extends string>(name: Name, choices: readonly Choice[], otherwise: Choice): Choice {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return otherwise;
    const chosen = choices.find((choice) => value.kind === "string" && choice === value.value);
    if (chosen !== undefined) return chosen;
    const help = value.kind === "name" && choices.some((each) => each === value.text) ? quoted(value.text) : null;
    this.refuse(name, choices.map((choice) => `"${choice}"`).join(" or "), value.span, { help });
    return otherwise;
  }

  /** One of some words, which are written without quotes. */
  word<Word extends string>(name: Name, words: readonly Word[]): Word | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    // `none` is a value of the language, not a name.
    const written = value.kind === "name" ? value.text : value.kind;
    const word = words.find((each) => each === written);
    if (word !== undefined) return word;
    const help = value.kind === "string" && words.some((each) => each === value.value) ? unquoted(value.value) : null;
    this.refuse(name, words.map((each) => `\`${each}\``).join(" or "), value.span, { help });
    return null;
  }

  has(name: Name): boolean {
    return this.entries.has(name);
  }

  /** Whether a setting was reported, so that what follows from it is not worth reporting. */
  hasRefused(name: Name): boolean {
    return this.refused.has(name);
  }

  /** An amount of memory, such as `16GB`, in bytes. */
  amount(name: Name): { readonly bytes: number; readonly span: Span } | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "number" && value.value > 0 && (/[MG]B$/.test(value.text) || isAmount(value))) {
      return { bytes: value.value, span: value.span };
    }
    this.refuse(name, "an amount above 0 in `MB` or `GB`, such as `16GB`");
    return null;
  }

  /** One of some names, which are written without quotes. */
  name(name: Name, names: readonly string[], expected: string): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "name" && names.includes(value.text)) return value.text;
    const written = value.kind === "name" ? value.text : "";
    const help =
      value.kind === "string" && names.includes(value.value)
        ? unquoted(value.value)
        : (didYouMean(written, names) ?? listed(names));
    this.refuse(name, expected, value.span, { help });
    return null;
  }

  string(name: Name, otherwise: string): string {
    return this.optionalString(name) ?? otherwise;
  }

  optionalString(name: Name): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "string" && value.value !== "") return value.value;
    this.refuse(name, "a string that is not empty");
    return null;
  }

  /** A string, which may be empty. */
  anyString(name: Name): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "string") return value.value;
    this.refuse(name, "a string");
    return null;
  }

  /** A list of strings, so many where a count is given, of which no two are equal. */
  strings(
    name: Name,
    count: number | null,
    expected: string,
    isRight: (text: string) => boolean,
  ): readonly string[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind !== "list" || (count !== null && value.elements.length !== count)) {
      this.refuse(name, expected);
      return null;
    }
    const found = new Map<string, Span>();
    for (const element of value.elements) {
      const earlier = element.kind === "string" ? found.get(element.value) : undefined;
      if (element.kind === "string" && earlier === undefined && isRight(element.value)) {
        found.set(element.value, element.span);
        continue;
      }
      const labels = earlier === undefined ? [] : [{ span: earlier, message: "the same stands here" }];
      this.refuse(name, expected, element.span, { labels });
      return null;
    }
    return [...found.keys()];
  }

  /** A list of numbers, each of which must be right: so many of them, or where no count is given at least one. */
  numbers(
    name: Name,
    count: number | null,
    expected: string,
    isRight: (number: number) => boolean,
  ): readonly number[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    const elements = value.kind === "list" ? value.elements : [];
    const numbers = elements.flatMap((element) => literal(element) ?? []);
    const areEnough = elements.length === (count ?? Math.max(1, elements.length));
    if (areEnough && numbers.length === elements.length && numbers.every(isRight)) return numbers;
    const wrong = areEnough ? elements.find((element) => !isRight(literal(element) ?? Number.NaN)) : null;
    this.refuse(name, expected, wrong?.span ?? value.span);
    return null;
  }

  /** Lists of two numbers, the lower one first, or one such list by itself; at most so many. */
  intervals(name: Name, most: number, expected: string): readonly (readonly [number, number])[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    const elements = value.kind === "list" ? value.elements : [];
    const all = elements.some((element) => element.kind === "list") ? elements : [value];
    const found: (readonly [number, number])[] = [];
    for (const each of all) {
      const [lowest, highest, ...others] = each.kind === "list" ? each.elements.map(literal) : [];
      const isWhole = typeof lowest === "number" && typeof highest === "number" && others.length === 0;
      if (!isWhole || !(lowest < highest) || all.length > most) {
        this.refuse(name, expected, each.span);
        return null;
      }
      found.push([lowest, highest]);
    }
    return found;
  }

  call(name: Name, names: readonly string[], expected: string): NamedCall {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return { name: null, call: null };
    const callee = value.kind === "call" ? value.callee : value;
    if (callee.kind === "name" && names.includes(callee.text)) {
      return { name: callee.text, call: value.kind === "call" ? value : null };
    }
    this.refuse(name, expected);
    return { name: null, call: null };
  }

  /** A list of calls; what is not one of those named is reported, and left out. */
  calls(name: Name, names: readonly string[], expected: string): readonly SpannedCall[] {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return [];
    if (value.kind !== "list") {
      this.refuse(name, expected);
      return [];
    }
    return value.elements.flatMap((element) => {
      const callee = element.kind === "call" ? element.callee : element;
      const { span } = element;
      if (callee.kind === "name" && names.includes(callee.text)) {
        return [{ name: callee.text, call: element.kind === "call" ? element : null, span }];
      }
      const near = callee.kind === "name" ? didYouMean(callee.text, names) : null;
      const help = near ?? `its operations are ${names.join(", ")}`;
      this.refuse(name, expected, callee.kind === "name" ? callee.span : span, { help });
      return [];
    });
  }

  /** Refuses arguments that a call does not have. */
  known({ name, call }: NamedCall, names: readonly string[]): void {
    if (name === null || call === null) return;
    for (const argument of call.arguments) {
      if (argument.name === null) {
        const expected = `given its arguments by name, such as \`${at(names, 0)} = ...\``;
        this.reported.push(report("bad-setting", argument.span, { name, expected }));
        continue;
      }
      const written = argument.name.text;
      if (names.includes(written)) continue;
      const help = didYouMean(written, names) ?? `its arguments are ${names.join(", ")}`;
      const params = { name: written, callee: name };
      this.reported.push(report("unknown-argument", argument.span, params, { help }));
    }
  }

  /** A number in a call, such as `lr`. */
  argument(call: NamedCall, name: string, otherwise: number, range: Range): number {
    return (
      this.read(call, name, range.of, (value) => {
        const number = literal(value);
        return number !== null && range.holds(number) ? number : null;
      }) ?? otherwise
    );
  }

  /** A list of two numbers in a call. */
  pair(call: NamedCall, name: string, otherwise: readonly [number, number], range: Range): readonly [number, number] {
    const pair = this.read(call, name, `a list of two, each ${range.of}`, (value) => {
      const [first, second, ...others] = numbersIn(value) ?? [];
      if (first === undefined || second === undefined || others.length > 0) return null;
      return range.holds(first) && range.holds(second) ? ([first, second] as const) : null;
    });
    return pair ?? otherwise;
  }

  /** A list of two numbers in a call, of which the second is not below the first. */
  interval(
    call: NamedCall,
    name: string,
    otherwise: readonly [number, number],
    { of, holds }: Range,
  ): readonly [number, number] {
    const interval = this.read(call, name, `a list of two, the lower one first, each ${of}`, (value) => {
      const [lowest, highest, ...others] = numbersIn(value) ?? [];
      if (lowest === undefined || highest === undefined || others.length > 0) return null;
      return lowest <= highest && holds(lowest) && holds(highest) ? ([lowest, highest] as const) : null;
    });
    return interval ?? otherwise;
  }

  /** A list of three numbers in a call, one for each axis of a volume. */
  sizesArgument(call: NamedCall, name: string, { of, holds }: Range): readonly [number, number, number] | null {
    const order = "in the order slices, height, width";
    return this.read(call, name, `a list of three, ${order}, each ${of}`, (value) => {
      const [slices, height, width, ...others] = numbersIn(value) ?? [];
      if (slices === undefined || height === undefined || width === undefined || others.length > 0) return null;
      return holds(slices) && holds(height) && holds(width) ? ([slices, height, width] as const) : null;
    });
  }

  /** One of some words in a call, which are written without quotes. */
  wordArgument<Word extends string>(call: NamedCall, name: string, words: readonly Word[]): Word | null {
    const expected = words.map((each) => `\`${each}\``).join(" or ");
    const help = (value: Expression): Help | null => {
      if (value.kind === "string") return words.some((word) => word === value.value) ? unquoted(value.value) : null;
      return value.kind === "name" ? didYouMean(value.text, words) : null;
    };
    const parsed = (value: Expression): Word | null =>
      words.find((word) => value.kind === "name" && word === value.text) ?? null;
    return this.read(call, name, expected, parsed, help);
  }

  /** An argument of a call, where it is given. */
  read<Value>(
    { call }: NamedCall,
    name: string,
    expected: string,
    parsed: (value: Expression) => Value | null,
    helpFor: (value: Expression) => Help | null = () => null,
  ): Value | null {
    const argument = call?.arguments.find((each) => each.name?.text === name);
    if (argument === undefined) return null;
    const value = parsed(argument.value);
    const help = helpFor(argument.value);
    if (value === null) this.reported.push(report("bad-setting", argument.value.span, { name, expected }, { help }));
    return value;
  }

  private number(name: string, expected: string): number | null {
    const entry = this.entries.get(name);
    if (entry === undefined) return null;
    const value = literal(entry.value);
    if (value === null) this.refuse(name, expected);
    return value;
  }

  /** The value of a setting as it is written; null for one that is left out. */
  expression(name: Name): Expression | null {
    return this.entries.get(name)?.value ?? null;
  }

  /** Reports what a setting must be: at its value, or at the part of it that is wrong. */
  refuse(name: string, expected: string, span = this.entries.get(name)?.value.span, extra: Extra = {}): void {
    if (span === undefined) return;
    this.refused.add(name);
    const value = this.entries.get(name)?.value;
    const notes = value?.span === span ? computedNotes(value) : [];
    this.reported.push(report("bad-setting", span, { name, expected }, { notes, ...extra }));
  }
}

function entriesOf({ items }: File, block: string): readonly Setting[] {
  return items.flatMap((item) => (item.kind === "settings" && item.block === block ? item.entries : []));
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "the model has no `let`" : `the model has \`${names.join("`, `")}\``;
}
