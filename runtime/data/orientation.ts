import { at } from "../at.ts";
import type { Affine } from "./readers/index.ts";

export type Axis = 0 | 1 | 2;

/** A value of each axis: x, y, z. */
export type ByAxis<Value> = readonly [x: Value, y: Value, z: Value];

/** The stored axis that an axis is taken from, and whether it runs the other way there. */
export interface TakenAxis {
  readonly from: Axis;
  readonly flipped: boolean;
}

/** Where an axis leads, by the patient's own: to the left or right, to the back or front, to the feet or head. */
const letters = ["LR", "PA", "IS"] as const;

export const asStored: ByAxis<TakenAxis> = [
  { from: 0, flipped: false },
  { from: 1, flipped: false },
  { from: 2, flipped: false },
];

/** How the axes of a volume in one orientation are made of those in another; both are three codes, such as `LPS`. */
export function reordering(stored: string, wanted: string): ByAxis<TakenAxis> {
  const take = (place: Axis): TakenAxis => {
    const letter = wanted.charAt(place);
    const pair = letters.find((each) => each.includes(letter)) ?? "";
    const from = ([0, 1, 2] as const).find((axis) => pair.includes(stored.charAt(axis)));
    if (from === undefined || pair === "")
      throw new Error(`invariant: ${stored} and ${wanted} name each direction once`);
    return { from, flipped: stored.charAt(from) !== letter };
  };
  return [take(0), take(1), take(2)];
}

/** Where the axes of a volume lead, and how far they are from there. */
export interface NearestAxes {
  /** Three letters, such as `LPS`: x leads to the left, y to the back, z to the head. */
  readonly codes: string;
  /** The largest angle between an axis and what it is called. */
  readonly obliqueDegrees: number;
}

/**
 * The codes that nibabel's `aff2axcodes` gives an affine: those of the rotation nearest to it, its clearest axis named first.
 */
export function nearestAxes(affine: Affine): NearestAxes {
  const unit = columnsOf(affine).map((column) => scaled(column, 1 / Math.hypot(...column)));
  const rotation = nearestRotation(unit);
  const codes = ["", "", ""];
  const free = new Set([0, 1, 2]);
  let cosine = 1;
  const clearest = [0, 1, 2].toSorted((a, b) => largest(at(rotation, b)) - largest(at(rotation, a)));
  for (const axis of clearest) {
    const column = at(rotation, axis);
    const [row = 0] = [...free].toSorted((a, b) => Math.abs(at(column, b)) - Math.abs(at(column, a)));
    free.delete(row);
    codes[axis] = at(letters, row).charAt(at(column, row) < 0 ? 0 : 1);
    cosine = Math.min(cosine, Math.abs(at(at(unit, axis), row)));
  }
  return { codes: codes.join(""), obliqueDegrees: (Math.acos(cosine) * 180) / Math.PI };
}

/** Millimetres from voxel to voxel along each axis. */
export function voxelSizes(affine: Affine): ByAxis<number> {
  const [x, y, z] = columnsOf(affine).map((column) => Math.hypot(...column));
  return [x ?? 0, y ?? 0, z ?? 0];
}

type Matrix = readonly (readonly number[])[];

function columnsOf([x, y, z]: Affine): Matrix {
  return [0, 1, 2].map((axis) => [at(x, axis), at(y, axis), at(z, axis)]);
}

function largest(column: readonly number[]): number {
  return Math.max(...column.map(Math.abs));
}

function scaled(column: readonly number[], by: number): readonly number[] {
  return column.map((value) => value * by);
}

/** Steps of an iteration that doubles its digits with each; sheared axes need a few more first. */
const mostSteps = 60;

/** The orthogonal factor of a matrix, by Newton's iteration: the mean with its own inverse transpose until it is that. */
function nearestRotation(columns: Matrix): Matrix {
  let current = columns;
  for (let step = 0; step < mostSteps; step++) {
    const other = inverseTranspose(current);
    const next = current.map((column, axis) => column.map((value, row) => (value + at(at(other, axis), row)) / 2));
    const change = Math.max(
      ...next.flatMap((column, axis) => column.map((v, row) => Math.abs(v - at(at(current, axis), row)))),
    );
    current = next;
    if (change < 1e-15) break;
  }
  return current;
}

/** Columns that are, each, at a right angle to the two others. */
function inverseTranspose(columns: Matrix): Matrix {
  const [a, b, c] = [at(columns, 0), at(columns, 1), at(columns, 2)];
  const bc = cross(b, c);
  const determinant = at(a, 0) * at(bc, 0) + at(a, 1) * at(bc, 1) + at(a, 2) * at(bc, 2);
  return [bc, cross(c, a), cross(a, b)].map((column) => scaled(column, 1 / determinant));
}

function cross(a: readonly number[], b: readonly number[]): readonly number[] {
  const product = (i: number, j: number): number => at(a, i) * at(b, j) - at(a, j) * at(b, i);
  return [product(1, 2), product(2, 0), product(0, 1)];
}
