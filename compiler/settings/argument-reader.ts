import { type Diagnostic, didYouMean, type Expression, type Help, report, type Span } from "../../grammar/index.ts";
import { at } from "../at.ts";
import { asArguments, literal, numbersIn, unquoted } from "./literals.ts";
import type { NamedCall, Range } from "./named-call.ts";

/** Reads the arguments of calls that are settings, and reports those that the calls do not have or that cannot mean anything. */
export class ArgumentReader {
  protected readonly reported: Diagnostic[] = [];

  /** Refuses arguments that a call does not have. */
  known({ name, call }: NamedCall, names: readonly string[]): void {
    if (name === null || call === null) return;
    for (const argument of call.arguments) {
      const written = argument.name?.text ?? null;
      if (written === null) this.refuseUnnamed(argument.span, name, names);
      else if (!names.includes(written)) this.refuseArgument(argument.span, written, name, names);
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
    return this.two(call, name, `a list of two, each ${range.of}`, range, () => true) ?? otherwise;
  }

  /** A list of two numbers in a call, of which the second is not below the first. */
  interval(
    call: NamedCall,
    name: string,
    otherwise: readonly [number, number],
    range: Range,
  ): readonly [number, number] {
    const expected = `a list of two, the lower one first, each ${range.of}`;
    return this.two(call, name, expected, range, (lowest, highest) => lowest <= highest) ?? otherwise;
  }

  private two(
    call: NamedCall,
    name: string,
    expected: string,
    { holds }: Range,
    areRight: (first: number, second: number) => boolean,
  ): readonly [number, number] | null {
    return this.read(call, name, expected, (value) => {
      const [first, second, ...others] = numbersIn(value) ?? [];
      if (first === undefined || second === undefined || others.length > 0) return null;
      return holds(first) && holds(second) && areRight(first, second) ? ([first, second] as const) : null;
    });
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
    return this.read(call, name, expected, parsed, { help, choices: words });
  }

  /** An argument of a call, where it is given. */
  read<Value>(
    { call }: NamedCall,
    name: string,
    expected: string,
    parsed: (value: Expression) => Value | null,
    about: { readonly help?: (value: Expression) => Help | null; readonly choices?: readonly string[] } = {},
  ): Value | null {
    const argument = call?.arguments.find((each) => each.name?.text === name);
    if (argument === undefined) return null;
    const value = parsed(argument.value);
    if (value !== null) return value;
    const { help, choices = [] } = about;
    const extra = { help: help?.(argument.value) ?? null, choices };
    this.reported.push(report("bad-setting", argument.value.span, { name, expected }, extra));
    return null;
  }

  protected refuseUnnamed(span: Span, name: string, names: readonly string[]): void {
    const expected = `given its arguments by name, such as \`${at(names, 0)} = ...\``;
    this.reported.push(report("bad-setting", span, { name, expected }, { choices: asArguments(names) }));
  }

  protected refuseArgument(span: Span, name: string, callee: string, names: readonly string[]): void {
    const help = didYouMean(name, names) ?? `its arguments are ${names.join(", ")}`;
    this.reported.push(report("unknown-argument", span, { name, callee }, { help, choices: asArguments(names) }));
  }
}
