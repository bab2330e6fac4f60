import { at } from "../../at.ts";

/** A function's value at a point; it puts the derivatives there into the gradient. */
export type Differentiable = (point: Float64Array, gradient: Float64Array) => number;

/** Changes of point and gradient that are remembered. */
const memory = 20;
/** No function that is strongly convex needs as many; one that is not ends there, too. */
const mostSteps = 5000;

/**
 * The least of a strictly convex function by L-BFGS (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5), from a point on,
 * until about `tolerance` is left above the least value, or rounding lets nothing become better. `solve` divides by a guess at the
 * second derivatives, the same everywhere.
 */
export function minimise(
  start: Float64Array,
  tolerance: number,
  evaluate: Differentiable,
  solve: (gradient: Float64Array) => Float64Array,
): Float64Array {
  const gradient = new Float64Array(start.length);
  let state: State = { point: start, gradient, value: evaluate(start, gradient) };
  let changes: readonly Change[] = [];
  for (let step = 0; step < mostSteps; step++) {
    const direction = directionOf(state.gradient, changes, solve);
    const slope = dot(state.gradient, direction);
    // Half of it is what a quadratic function would lose.
    if (!(-slope > 2 * tolerance)) break;
    const next = search(state, direction, slope, evaluate);
    if (next === null) break;
    const change = changeOf(difference(next.point, state.point), difference(next.gradient, state.gradient));
    if (change !== null) changes = [...changes.slice(1 - memory), change];
    state = next;
  }
  return state.point;
}

interface State {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  readonly value: number;
}

interface Change {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  /** Their product: how much the function bends along the step. */
  readonly bend: number;
}

function changeOf(point: Float64Array, gradient: Float64Array): Change | null {
  const bend = dot(point, gradient);
  return bend > 0 ? { point, gradient, bend } : null;
}

/** Downhill by what the changes and the guess say of the second derivatives: the two loops of L-BFGS. */
function directionOf(
  gradient: Float64Array,
  changes: readonly Change[],
  solve: (gradient: Float64Array) => Float64Array,
): Float64Array {
  const rest = gradient.map((each) => -each);
  const parts = new Float64Array(changes.length);
  for (let index = changes.length - 1; index >= 0; index--) {
    const change = at(changes, index);
    const part = dot(change.point, rest) / change.bend;
    parts[index] = part;
    addScaled(rest, change.gradient, -part);
  }
  const direction = solve(rest);
  for (const [index, change] of changes.entries()) {
    addScaled(direction, change.point, at(parts, index) - dot(change.gradient, direction) / change.bend);
  }
  return direction;
}

/**
 * A step along a direction that makes the function less and its slope flatter (Wolfe's conditions). Near the end, where values differ
 * by rounding alone, slopes decide (the approximate conditions of Hager and Zhang, SIAM J. Optim. 16, 2005). Null where there is none.
 */
function search(from: State, direction: Float64Array, slope: number, evaluate: Differentiable): State | null {
  let [low, high] = [0, Infinity];
  let length = 1;
  for (let attempt = 0; attempt < 60; attempt++) {
    const point = from.point.map((each, place) => each + length * at(direction, place));
    const gradient = new Float64Array(point.length);
    const value = evaluate(point, gradient);
    const newSlope = dot(gradient, direction);
    const isLess = value <= from.value + 1e-4 * length * slope;
    const isAsGood = value <= from.value + 1e-13 * Math.abs(from.value) && newSlope <= -0.8 * slope;
    if (!isLess && !isAsGood) high = length;
    else if (newSlope < 0.9 * slope) low = length;
    else return { point, gradient, value };
    length = high === Infinity ? 2 * length : (low + high) / 2;
  }
  return null;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let place = 0; place < a.length; place++) sum += (a[place] ?? 0) * (b[place] ?? 0);
  return sum;
}

function addScaled(to: Float64Array, values: Float64Array, scale: number): void {
  for (let place = 0; place < to.length; place++) to[place] = (to[place] ?? 0) + scale * (values[place] ?? 0);
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, place) => value - at(b, place));
}
