import type { Expression, Help, NumberLiteral } from "../../grammar/index.ts";

/** The numbers of a list; null for what is not a list of numbers. */
export function numbersIn(value: Expression): readonly number[] | null {
  if (value.kind !== "list") return null;
  const numbers = value.elements.flatMap((element) => literal(element) ?? []);
  return numbers.length === value.elements.length ? numbers : null;
}

/** A number as it is written, with its sign; null for anything else. */
export function literal(expression: Expression): number | null {
  if (expression.kind === "number") return expression.value;
  if (expression.kind !== "unary" || expression.operator !== "-" || expression.operand.kind !== "number") return null;
  return -expression.operand.value;
}

/** True for a number of bytes that was computed, such as `2 * 8GB`: less than a megabyte is an amount without its unit. */
export function isAmount({ value, text, span }: NumberLiteral): boolean {
  return value >= 1024 ** 2 && span.source.text.slice(span.start, span.end) !== text;
}

/** What a value that is no number in the text was computed to be. */
export function computedNotes(value: Expression): readonly string[] {
  const { source, start, end } = value.span;
  const number = literal(value);
  return number === null || /^-?\s*[\d.]/.test(source.text.slice(start, end)) ? [] : [`it is ${number}`];
}

/** What a whole number of at least `least` is, in words. */
export function wholeNumberFrom(least: number): string {
  if (least === 0) return "a whole number that is not negative";
  return least === 1 ? "a whole number above 0" : `a whole number that is ${least} or more`;
}

/** The help for a word in quotes that has a meaning without them. */
export function unquoted(word: string): Help {
  return { help: "leave out the quotes", written: `"${word}"`, instead: [word] };
}

/** The help for a word that has a meaning in quotes. */
export function quoted(word: string): Help {
  return { help: `put it in quotes: "${word}"`, written: word, instead: [`"${word}"`] };
}

/** Names as arguments are written. */
export function asArguments(names: readonly string[]): readonly string[] {
  return names.map((name) => `${name} = `);
}

/** Names as calls without arguments are written. */
export function asCalls(names: readonly string[]): readonly string[] {
  return names.map((name) => `${name}()`);
}

/** What a model has, for who names something else. */
export function listedLets(names: readonly string[]): string {
  return names.length === 0 ? "the model has no `let`" : `the model has \`${names.join("`, `")}\``;
}
