import type { Affine } from "../volume.ts";

/** Millimetres in the patient's system of DICOM: to the left, to the back, to the head. */
export type Vector = readonly [number, number, number];

/** Where a slice lies: its first pixel, the directions of its rows and its columns, and the steps between pixels along each. */
export interface Plane {
  readonly position: Vector;
  /** Along a row, from column to column. */
  readonly along: Vector;
  /** Down a column, from row to row. */
  readonly down: Vector;
  readonly columnSpacing: number;
  readonly rowSpacing: number;
}

export function dot([a, b, c]: Vector, [d, e, f]: Vector): number {
  return a * d + b * e + c * f;
}

function cross([a, b, c]: Vector, [d, e, f]: Vector): Vector {
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

export function minus([a, b, c]: Vector, [d, e, f]: Vector): Vector {
  return [a - d, b - e, c - f];
}

export function times([a, b, c]: Vector, factor: number): Vector {
  return [a * factor, b * factor, c * factor];
}

/** What slices are ordered along. */
export function normalOf({ along, down }: Plane): Vector {
  return cross(along, down);
}

/** The affine of a volume from its first slice and the step to the next; left and back become right and front. */
export function affineOf(first: Plane, step: Vector): Affine {
  const x = times(first.along, first.columnSpacing);
  const y = times(first.down, first.rowSpacing);
  const origin = first.position;
  return [
    [-x[0], -y[0], -step[0], -origin[0]],
    [-x[1], -y[1], -step[1], -origin[1]],
    [x[2], y[2], step[2], origin[2]],
  ];
}
