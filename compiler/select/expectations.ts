import type { Diagnostic } from "../../grammar/index.ts";
import {
  type Expectation,
  type Expression,
  type Name,
  type NumberLiteral,
  printExpectation,
  type Quantity,
  report,
  type Selector,
} from "../../grammar/index.ts";
import { type Constants, describe } from "../elaborate/index.ts";
import { printCount } from "../units.ts";
import { expandSelectors } from "./patterns.ts";
import type { Selection, SelectorResolver } from "./select.ts";

/** The amounts that an expectation can speak of. */
export interface Totals {
  readonly trainable: number;
  readonly total: number;
  readonly base: number;
  readonly frozen: number;
}

/** How many trainable parameters and how many modules a selection has. */
export interface Measures {
  readonly totals: Totals;
  readonly count: (selections: readonly Selection[]) => number;
  readonly trainable: (selections: readonly Selection[]) => number;
  /** What is known without the model: its constant `let`s, those of its file, and functions of them. */
  readonly constants: Constants;
  /** Lines that explain where an amount comes from. */
  readonly breakdown: readonly string[];
}

/** One expectation with its result. */
export interface JudgedExpectation {
  readonly text: string;
  readonly holds: boolean;
  /** What the left side is. */
  readonly found: number;
}

/** Judges an expectation; null when it speaks of what is not there, which is then reported. */
export function judge(
  expectation: Expectation,
  measures: Measures,
  resolver: SelectorResolver,
  diagnostics: Diagnostic[],
): JudgedExpectation | null {
  const left = amount(expectation.left, measures, resolver, diagnostics);
  const right = amount(expectation.right, measures, resolver, diagnostics);
  if (left === null || right === null) return null;
  const text = printExpectation(expectation);
  const holds = compare(expectation, left, right);
  if (!holds) {
    const found = `${written(expectation.left.span)} = ${printAmount(left, expectation.right)}`;
    const notes =
      expectation.right.kind === "number" ? measures.breakdown : [`${written(expectation.right.span)} = ${right}`];
    diagnostics.push(report("expectation-failed", expectation.span, { written: text, found }, { notes }));
  }
  return { text, holds, found: left };
}

function compare({ comparison, left, right }: Expectation, a: number, b: number): boolean {
  switch (comparison) {
    case "=":
      if (right.kind === "number") return equalsLiteral(a, right);
      return left.kind === "number" ? equalsLiteral(b, left) : a === b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}

const suffixes: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, "%": 0.01 };

/**
 * A number without a suffix is meant exactly. One with a suffix, or with a fraction, means what rounds to the digits
 * written: `1.67M` is everything that is 1.67 in millions to two decimals.
 */
function equalsLiteral(value: number, literal: NumberLiteral): boolean {
  return Math.abs(value - literal.value) <= roundingOf(literal);
}

/** How far from the number written a value may be that the number means: 5,000 for `1.67M`, 0 for `1_671_168`. */
export function roundingOf({ text }: NumberLiteral): number {
  const match = /^[\d_]+(?:\.([\d_]+))?([KMB%]?)$/.exec(text);
  if (match === null) return 0;
  const [, fraction = "", suffix = ""] = match;
  if (fraction === "" && suffix === "") return 0;
  const decimals = fraction.replaceAll("_", "").length;
  const unit = suffixes[suffix] ?? 1;
  return ((unit * 10 ** -decimals) / 2) * (1 + 1e-9);
}

/** An amount in the unit of the literal that it is compared with. */
function printAmount(value: number, beside: Quantity): string {
  if (beside.kind === "number" && beside.text.endsWith("%")) return `${(100 * value).toPrecision(4)}%`;
  return Number.isInteger(value) ? printCount(value) : value.toPrecision(6);
}

function amount(
  quantity: Quantity,
  measures: Measures,
  resolver: SelectorResolver,
  diagnostics: Diagnostic[],
): number | null {
  switch (quantity.kind) {
    case "number":
      return quantity.value;
    case "quantity-binary": {
      const left = amount(quantity.left, measures, resolver, diagnostics);
      const right = amount(quantity.right, measures, resolver, diagnostics);
      return left === null || right === null ? null : calculate(quantity.operator, left, right);
    }
    case "computed":
      return computed(quantity.value, measures.constants, diagnostics);
    case "measure": {
      const { name, of } = quantity;
      const known = resolver.diagnostics.length;
      const measured = of === null ? total(name.text, measures) : measure(name.text, of, measures, resolver);
      if (measured === null) unknownMeasure(name, diagnostics);
      // A selection that was refused is no amount: nothing follows from it.
      return resolver.diagnostics.length === known ? measured : null;
    }
  }
}

function calculate(operator: "+" | "-" | "*" | "/", left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
  }
}

function total(name: string, { totals, constants }: Measures): number | null {
  if (name === "trainable" || name === "total" || name === "base" || name === "frozen") return totals[name];
  const value = constants.values.get(name);
  return value?.kind === "number" ? value.value : null;
}

function computed(expression: Expression, constants: Constants, diagnostics: Diagnostic[]): number | null {
  const refused: Diagnostic[] = [];
  const value = constants.evaluate(expression, refused);
  if (value?.kind === "number") return value.value;
  const callee = expression.kind === "call" ? expression.callee : expression;
  const isUnknown = refused.some(({ key, span }) => key === "unknown-name" && span === callee.span);
  if (isUnknown && callee.kind === "name") return unknownMeasure(callee, diagnostics);
  if (value !== null) {
    const params = { what: "an amount", expected: "a number", found: describe(value) };
    refused.push(report("wrong-type", expression.span, params));
  }
  diagnostics.push(...refused);
  return null;
}

function unknownMeasure({ text, span }: Name, diagnostics: Diagnostic[]): null {
  diagnostics.push(report("unknown-measure", span, { name: text }));
  return null;
}

function measure(name: string, of: readonly Selector[], measures: Measures, resolver: SelectorResolver): number | null {
  if (name !== "count" && name !== "trainable") return null;
  return measures[name](resolver.select(expandSelectors(of)));
}

function written({ source, start, end }: Expectation["span"]): string {
  return source.text.slice(start, end).replace(/\s+/g, " ");
}
