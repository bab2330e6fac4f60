import {
  type Call,
  type Diagnostic,
  didYouMean,
  type Expression,
  type Extra,
  type File,
  report,
  type Setting,
  type Span,
} from "../../grammar/index.ts";
import { ArgumentReader } from "./argument-reader.ts";
import {
  asCalls,
  computedNotes,
  isAmount,
  listedLets,
  literal,
  quoted,
  unquoted,
  wholeNumberFrom,
} from "./literals.ts";
import type { NamedCall, SpannedCall } from "./named-call.ts";

/**
 * Reads the settings of a block, or those that a call has as named arguments, and reports those that it does not have or that cannot
 * mean anything.
 */
export class SettingReader<Name extends string> extends ArgumentReader {
  private readonly entries: ReadonlyMap<string, Setting>;
  private readonly refused = new Set<string>();

  /** `owner` is the name of the block or of what is called; `renamed` has the present name of a setting by its former one. */
  constructor(
    source: File | Call,
    owner: string,
    settingNames: readonly Name[],
    renamed: ReadonlyMap<string, string> = new Map(),
  ) {
    super();
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
        this.refuseArgument(name.span, name.text, owner, settingNames);
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
      this.refuseUnnamed(span, callee, names);
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
    const written = choices.map((each) => `"${each}"`);
    this.refuse(name, written.join(" or "), value.span, { help, choices: written });
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
    this.refuse(name, words.map((each) => `\`${each}\``).join(" or "), value.span, { help, choices: words });
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
        : (didYouMean(written, names) ?? listedLets(names));
    this.refuse(name, expected, value.span, { help, choices: names });
    return null;
  }

  string(name: Name, otherwise: string): string {
    return this.optionalString(name) ?? otherwise;
  }

  optionalString(name: Name, choices: readonly string[] = []): string | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind === "string" && value.value !== "") return value.value;
    this.refuse(name, "a string that is not empty", value.span, { choices });
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
    choices: readonly string[] = [],
  ): readonly string[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    if (value.kind !== "list" || (count !== null && value.elements.length !== count)) {
      this.refuse(name, expected, value.span, { choices });
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
  intervals(
    name: Name,
    most: number,
    expected: string,
    choices: readonly string[] = [],
  ): readonly (readonly [number, number])[] | null {
    const value = this.entries.get(name)?.value;
    if (value === undefined) return null;
    const elements = value.kind === "list" ? value.elements : [];
    const all = elements.some((element) => element.kind === "list") ? elements : [value];
    const found: (readonly [number, number])[] = [];
    for (const each of all) {
      const [lowest, highest, ...others] = each.kind === "list" ? each.elements.map(literal) : [];
      const isWhole = typeof lowest === "number" && typeof highest === "number" && others.length === 0;
      if (!isWhole || !(lowest < highest) || all.length > most) {
        this.refuse(name, expected, each.span, { choices });
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
    this.refuse(name, expected, value.span, { choices: asCalls(names) });
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
      this.refuse(name, expected, callee.kind === "name" ? callee.span : span, { help, choices: asCalls(names) });
      return [];
    });
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
