import type { Expression } from "../../../grammar/index.ts";
import type { Value } from "../../elaborate/index.ts";
import { type Python, text, word } from "./python.ts";
import type { Scope } from "./scope.ts";

/** How many elements a list that is written out may have, with those of the lists in it. */
const mostElements = 10_000;

/** A value of a file's own lets, in its place; null for what cannot be written, and for a list that is too long. */
export function literal(value: Value | null): Python | null {
  return value !== null && countOf(value, new Map()) > mostElements ? null : written(value);
}

/** Values that are written for one. Lists may share lists, and each of them is counted once. */
function countOf(value: Value, known: Map<Value, number>): number {
  if (value.kind !== "list") return 1;
  const counted = known.get(value);
  if (counted !== undefined) return counted;
  const count = value.elements.reduce((sum, element) => sum + countOf(element, known), 1);
  known.set(value, count);
  return count;
}

function written(value: Value | null): Python | null {
  switch (value?.kind) {
    case "number":
      return word(String(value.value));
    case "string":
      return text(value.value);
    case "boolean":
      return word(value.value ? "True" : "False");
    case "none":
      return word("None");
    case "list": {
      const elements = value.elements.flatMap((each) => written(each) ?? []);
      return elements.length === value.elements.length ? { kind: "list", elements } : null;
    }
    case undefined:
    case "infer":
    case "dtype":
    case "tensor":
    case "initial":
    case "parameter":
    case "instance":
    case "callable":
    case "builtin":
    case "imported":
    case "optional-buffer":
    case "axis-name":
    case "arrow":
    case "unknown":
      return null;
  }
}

/** Whether an expression that was never computed is a number by how it is written. */
export function looksLikeNumber(expression: Expression, scope: Scope): boolean {
  switch (expression.kind) {
    case "number":
      return true;
    case "unary":
      return looksLikeNumber(expression.operand, scope);
    case "binary":
      return looksLikeNumber(expression.left, scope) && looksLikeNumber(expression.right, scope);
    case "name":
      return scope.isNumber(expression.text);
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "list":
    case "range":
    case "if":
    case "call":
    case "arrow":
    case "member":
    case "index":
    case "pipe":
      return false;
  }
}

/** A number as it is written, where Python reads it so. */
export function printNumber(written: string, value: number): string {
  return /^(0|[1-9][\d_]*)(\.\d+)?(e[+-]?\d+)?$/i.test(written) ? written : String(value);
}
