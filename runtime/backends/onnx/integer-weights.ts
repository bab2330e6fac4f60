import { type IntegerForm, integerForms, nodesOf, type Program, scalesName } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { countOf, type WeightPieces } from "../../weights/index.ts";

/** Whole numbers go from -127 to 127: symmetric, as ONNX Runtime's own quantisation has them. */
const largestInteger = 127;
/** The smallest float of 32 bits with all its digits: below it a scale is 1. */
const smallestScale = 2 ** -126;
/** A weight of whose output channels one is further from its own values than that, relative to their norm, stays in 32 bits. */
const largestError = 0.05;
/** So does one of whose output channels one loses more of its values than that: a few large ones hide it from the norm. */
const mostLost = 0.1;

/** A weight in 8 bits. */
export interface IntegerWeight {
  readonly path: string;
  readonly shape: readonly number[];
  /** The axis of output channels. */
  readonly axis: number;
  /** The step between whole numbers, for each output channel. */
  readonly scales: Float32Array;
  /** Of all output channels the largest ||w - scale * integers|| / ||w||. */
  readonly error: number;
}

/** A weight that stays in 32 bits, and why: what reads it, or what values it has. */
export interface UnquantisedWeight {
  readonly path: string;
  readonly elements: number;
  readonly why:
    | Exclude<IntegerForm, { readonly kind: "integers" }>
    | { readonly kind: "not-finite" }
    /** It has so large values beside small ones that steps between whole numbers are too wide: a share of these becomes 0. */
    | { readonly kind: "outliers"; readonly error: number; readonly lost: number };
}

export interface IntegerWeights {
  readonly integers: readonly IntegerWeight[];
  readonly left: readonly UnquantisedWeight[];
}

/** Decides which weights of some programs are stored in 8 bits, by what reads them and by their values. */
export function measureIntegers(
  programs: readonly Program[],
  trainable: ReadonlySet<string>,
  piecesOf: WeightPieces,
): IntegerWeights {
  const shapes = new Map(
    programs.flatMap((program) =>
      nodesOf(program).flatMap(({ operation, type }) =>
        operation.op === "parameter" ? [[operation.path, type.shape] as const] : [],
      ),
    ),
  );
  const integers: IntegerWeight[] = [];
  const left: UnquantisedWeight[] = [];
  for (const [path, form] of integerForms(programs, trainable)) {
    const shape = shapes.get(path) ?? [];
    const leave = (why: UnquantisedWeight["why"]): number => left.push({ path, elements: countOf(shape), why });
    if (form.kind !== "integers") {
      leave(form);
      continue;
    }
    const { axis } = form;
    const scales = scalesOf({ shape, axis }, piecesOf(path));
    if (scales === null) {
      leave({ kind: "not-finite" });
      continue;
    }
    const { error, lost } = lossOf({ shape, axis, scales }, piecesOf(path));
    if (error > largestError || lost > mostLost) leave({ kind: "outliers", error, lost });
    else integers.push({ path, shape, axis, scales, error });
  }
  return { integers, left };
}

/** The same weights, where those in 8 bits have their whole numbers as elements, and their scales have a name too. */
export function withIntegers(integers: readonly IntegerWeight[], piecesOf: WeightPieces): WeightPieces {
  const byPath = new Map(integers.map((weight) => [weight.path, weight]));
  const scales = new Map(integers.map((weight) => [scalesName(weight.path), [weight.scales]]));
  return (path) => {
    const weight = byPath.get(path);
    return weight === undefined ? (scales.get(path) ?? piecesOf(path)) : integerPieces(weight, piecesOf(path));
  };
}

/**
 * The same by the axes of scales alone, where it was decided before which weights are in 8 bits. The scales are those of the values that
 * there are now; of values that are not finite they are not numbers.
 */
export function withIntegersAlong(
  axes: ReadonlyMap<string, number>,
  shapes: ReadonlyMap<string, readonly number[]>,
  piecesOf: WeightPieces,
): WeightPieces {
  const known = new Map<string, Omit<IntegerWeight, "error">>();
  const weightAt = (path: string, axis: number): Omit<IntegerWeight, "error"> => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const shape = shapes.get(path) ?? [];
    const scales = scalesOf({ shape, axis }, piecesOf(path)) ?? new Float32Array(shape[axis] ?? 0).fill(Number.NaN);
    const weight = { path, shape, axis, scales };
    known.set(path, weight);
    return weight;
  };
  const ofScales = new Map([...axes].map(([path, axis]) => [scalesName(path), [path, axis] as const]));
  return (path) => {
    const axis = axes.get(path);
    const scaled = ofScales.get(path);
    if (scaled !== undefined) return [weightAt(...scaled).scales];
    return axis === undefined ? piecesOf(path) : integerPieces(weightAt(path, axis), piecesOf(path));
  };
}

function* integerPieces(weight: Omit<IntegerWeight, "error">, pieces: Iterable<Float32Array>): Iterable<Float32Array> {
  const channels = channelsOf(weight);
  for (const piece of pieces) {
    const integers = new Float32Array(piece.length);
    for (let place = 0; place < piece.length; place++) {
      integers[place] = integerOf(piece[place] ?? Number.NaN, weight.scales[channels.next()] ?? Number.NaN);
    }
    yield integers;
  }
}

/** The largest absolute value of each output channel, divided by 127; null where a value is not finite. */
function scalesOf(weight: Pick<IntegerWeight, "shape" | "axis">, pieces: Iterable<Float32Array>): Float32Array | null {
  const largest = new Float32Array(weight.shape[weight.axis] ?? 0);
  const channels = channelsOf(weight);
  for (const piece of pieces) {
    for (const value of piece) {
      const channel = channels.next();
      const size = Math.abs(value);
      // Nothing is larger than what is not a number.
      if (size > (largest[channel] ?? 0) || Number.isNaN(size)) largest[channel] = size;
    }
  }
  if (!largest.every(Number.isFinite)) return null;
  return largest.map((size) => {
    const scale = Math.fround(size / largestInteger);
    return scale < smallestScale ? 1 : scale;
  });
}

/** Of all output channels the largest relative error, and the largest share of values other than 0 that become 0. */
function lossOf(
  weight: Omit<IntegerWeight, "path" | "error">,
  pieces: Iterable<Float32Array>,
): { readonly error: number; readonly lost: number } {
  const { scales } = weight;
  const sums = (): Float64Array => new Float64Array(scales.length);
  const [wrong, squares, zeros, values] = [sums(), sums(), sums(), sums()];
  const channels = channelsOf(weight);
  for (const piece of pieces) {
    for (const value of piece) {
      const channel = channels.next();
      const scale = scales[channel] ?? Number.NaN;
      const integer = integerOf(value, scale);
      wrong[channel] = (wrong[channel] ?? 0) + (value - Math.fround(scale * integer)) ** 2;
      squares[channel] = (squares[channel] ?? 0) + value ** 2;
      if (value !== 0) values[channel] = (values[channel] ?? 0) + 1;
      if (value !== 0 && integer === 0) zeros[channel] = (zeros[channel] ?? 0) + 1;
    }
  }
  const largest = (parts: Float64Array, wholes: Float64Array): number =>
    parts.reduce((worst, part, channel) => {
      const whole = at(wholes, channel);
      return whole === 0 ? worst : Math.max(worst, part / whole);
    }, 0);
  return { error: Math.sqrt(largest(wrong, squares)), lost: largest(zeros, values) };
}

/** Half of a double's digits: what is added to it is rounded to a whole number, of two equally near the even one. */
const rounder = 1.5 * 2 ** 52;

/** The nearest whole number of steps, with the quotient in 32 bits, as NumPy rounds it. */
function integerOf(value: number, scale: number): number {
  const steps = Math.fround(value / scale) + rounder - rounder;
  return Math.min(largestInteger, Math.max(-largestInteger, steps));
}

/** The output channel of element after element, in row-major order. */
function channelsOf({ shape, axis }: Pick<IntegerWeight, "shape" | "axis">): { readonly next: () => number } {
  const count = shape[axis] ?? 1;
  const inner = countOf(shape.slice(axis + 1));
  let channel = 0;
  let inside = 0;
  return {
    next: () => {
      const current = channel;
      if (++inside === inner) {
        inside = 0;
        if (++channel === count) channel = 0;
      }
      return current;
    },
  };
}
