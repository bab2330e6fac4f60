import { at } from "../at.ts";
import { elementCount, memoizeDepthFirst, type Node } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";

/** Which whole numbers a value has, as far as they are known when a spec is compiled. */
export interface NumberRange {
  /** Of those that are not an input's own; Infinity and -Infinity where there are none. */
  readonly lowest: number;
  readonly highest: number;
  /** Both of them are among the numbers. */
  readonly isReached: boolean;
  /** Some numbers are an input's own, which is held to its limits when it is fed. */
  readonly hasInputs: boolean;
}

const unknown: NumberRange = { lowest: -Infinity, highest: Infinity, isReached: false, hasInputs: false };

function between(lowest: number, highest: number, isReached = false): NumberRange {
  return { lowest, highest, isReached, hasInputs: false };
}

/** A function that gives the range of a value, each computed once. */
export function numberRanges(): (node: Node) => NumberRange {
  return memoizeDepthFirst<Node, NumberRange>(
    ({ operation, inputs, type }) => (type.dtype === "i32" && operation.op !== "cast" ? inputs : []),
    rangeOf,
  );
}

function rangeOf(node: Node, ranges: readonly NumberRange[]): NumberRange {
  const { operation, inputs, type } = node;
  if (type.dtype !== "i32") return unknown;
  if (traitsOf(operation).movesElements) return together(ranges, operation.op !== "slice");
  if (operation.op === "input") return { lowest: Infinity, highest: -Infinity, isReached: true, hasInputs: true };
  const [a = unknown, b = unknown] = ranges.map((range) => (range.hasInputs ? unknown : range));
  switch (operation.op) {
    case "iota":
      return between(0, operation.size - 1, operation.size > 0);
    case "drawn_evenly":
      return between(0, operation.limit - 1, operation.count >= operation.limit);
    case "drawn_places":
      return between(0, Math.max(...operation.sizes) - 1);
    case "constant":
      return between(operation.value, operation.value, true);
    case "argmax":
      return between(0, at(at(inputs, 0).type.shape.slice(operation.axis), 0) - 1);
    case "argsort":
      return between(0, at(at(inputs, 0).type.shape.slice(-1), 0) - 1);
    case "cast":
      return at(inputs, 0).type.dtype === "bool" ? between(0, 1) : unknown;
    case "add":
      return between(a.lowest + b.lowest, a.highest + b.highest, isShifted(a, b));
    case "sub":
      return remainderOf(node, a) ?? between(a.lowest - b.highest, a.highest - b.lowest, isShifted(a, b));
    case "neg":
      return between(-a.highest, -a.lowest, a.isReached);
    case "mul": {
      const ends = [a.lowest, a.highest].flatMap((one) =>
        [b.lowest, b.highest].map((other) => timesOrZero(one, other)),
      );
      return between(Math.min(...ends), Math.max(...ends), isShifted(a, b));
    }
    case "floor_div": {
      const ends = [a.lowest, a.highest].map((end) => Math.floor(end / operation.divisor));
      return between(Math.min(...ends), Math.max(...ends), a.isReached);
    }
    case "maximum":
      return between(Math.max(a.lowest, b.lowest), Math.max(a.highest, b.highest), isShifted(a, b));
    case "minimum":
      return between(Math.min(a.lowest, b.lowest), Math.min(a.highest, b.highest), isShifted(a, b));
    case "where":
      return together(
        ranges.slice(1).map((range) => (range.hasInputs ? unknown : range)),
        false,
      );
    case "max":
      return between(a.lowest, a.highest);
    case "sum": {
      const count = elementCount(at(inputs, 0).type) / elementCount(type);
      return between(timesOrZero(count, a.lowest), timesOrZero(count, a.highest));
    }
    default:
      return unknown;
  }
}

/** Both ends are reached where one operand is a number, and the ends of the other are. */
function isShifted(a: NumberRange, b: NumberRange): boolean {
  return a.isReached && b.isReached && (a.lowest === a.highest || b.lowest === b.highest);
}

function timesOrZero(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** `a % d` is written a - d (a // d). */
function remainderOf({ inputs: [a, product] }: Node, range: NumberRange): NumberRange | null {
  if (product?.operation.op !== "mul") return null;
  const [quotient] = product.inputs;
  if (quotient?.operation.op !== "floor_div" || quotient.inputs[0] !== a) return null;
  const { divisor } = quotient.operation;
  const [lowest, highest] = divisor > 0 ? [0, divisor - 1] : [divisor + 1, 0];
  return range.lowest >= lowest && range.highest <= highest ? range : between(lowest, highest);
}

function together(ranges: readonly NumberRange[], isWhole: boolean): NumberRange {
  return {
    lowest: ranges.reduce((least, { lowest }) => Math.min(least, lowest), Infinity),
    highest: ranges.reduce((most, { highest }) => Math.max(most, highest), -Infinity),
    isReached: isWhole && ranges.every(({ isReached }) => isReached),
    hasInputs: ranges.some(({ hasInputs }) => hasInputs),
  };
}
