import { gzipped } from "./nifti-file.ts";

/** A volume that no reordering maps to itself, with what a chest has: air around, lungs, tissue, bone. x fastest, axes LPS. */
export interface Phantom {
  readonly sizes: readonly [x: number, y: number, z: number];
  readonly spacing: readonly [x: number, y: number, z: number];
  readonly units: readonly number[];
}

export function phantom(sizes: Phantom["sizes"] = [12, 14, 8]): Phantom {
  const [x, y, z] = sizes;
  const units = Array.from({ length: x * y * z }, (_, index) => {
    const [i, j, k] = [index % x, Math.floor(index / x) % y, Math.floor(index / (x * y))];
    const inside = ((2 * i + 1) / x - 1) ** 2 + ((2 * j + 1) / y - 1) ** 2 < 0.8;
    if (!inside) return -1000 + (index % 7);
    if (i > x / 3 && i < x / 2 && j > y / 3 && j < (2 * y) / 3) return -850 + 5 * k;
    if (k > z / 2 && i > (2 * x) / 3) return 500 + 10 * j;
    return 20 + 3 * i - 2 * j + 4 * k;
  });
  return { sizes, spacing: [1.5, 1.5, 3], units };
}

/** Where an axis of a letter leads in millimetres to the right, front and head. */
const directions: ReadonlyMap<string, readonly [axis: number, sign: number]> = new Map([
  ["R", [0, 1] as const],
  ["L", [0, -1] as const],
  ["A", [1, 1] as const],
  ["P", [1, -1] as const],
  ["S", [2, 1] as const],
  ["I", [2, -1] as const],
]);

function directionOf(letter: string): readonly [axis: number, sign: number] {
  const found = directions.get(letter);
  if (found === undefined) throw new Error(`${letter} is no direction`);
  return found;
}

/** How a phantom is written. */
export interface Writing {
  /** What its axes lead to. */
  readonly codes?: string;
  /** Whether the header says so. */
  readonly isStated?: boolean;
  /** Stored values are (units - intercept) / slope. */
  readonly slope?: number;
  readonly intercept?: number;
  /** The sform's voxel sizes, where they are not the phantom's. */
  readonly stated?: readonly [number, number, number];
}

/** The file of a phantom whose axes are stored in another order and direction, put there voxel by voxel. */
export function phantomFile({ sizes, spacing, units }: Phantom, writing: Writing = {}): Buffer {
  const { codes = "LPS", isStated = true, slope = 1, intercept = 0, stated } = writing;
  const from = [...codes].map((letter) => directionOf(letter)[0]);
  const flipped = [...codes].map((letter, axis) => letter !== "LPS".charAt(from[axis] ?? 0));
  const storedSizes = from.map((axis) => sizes[axis] ?? 0);
  const [x = 0, y = 0] = storedSizes;
  const values = Array.from({ length: units.length }, (_, index) => {
    const place = [index % x, Math.floor(index / x) % y, Math.floor(index / (x * y))];
    const own = [0, 0, 0];
    for (const [axis, at] of place.entries()) {
      const last = (storedSizes[axis] ?? 0) - 1;
      own[from[axis] ?? 0] = flipped[axis] === true ? last - at : at;
    }
    const [i = 0, j = 0, k = 0] = own;
    return ((units[(k * sizes[1] + j) * sizes[0] + i] ?? 0) - intercept) / slope;
  });
  const sform = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (const [axis, letter] of [...codes].entries()) {
    const [row, sign] = directionOf(letter);
    const mm = stated?.[axis] ?? spacing[row] ?? 0;
    sform[4 * row + axis] = sign * mm;
    // Each voxel is where it is in LPS, whose first one is at 0.
    if (flipped[axis] === true) sform[4 * row + 3] = -sign * mm * ((storedSizes[axis] ?? 0) - 1);
  }
  const parts = { sizes: storedSizes, spacing: from.map((axis) => spacing[axis] ?? 1), values };
  return gzipped(isStated ? { ...parts, sform } : parts);
}

/** All 48 codes that axes may have. */
export const allCodes: readonly string[] = [
  ["LR", "PA", "IS"],
  ["LR", "IS", "PA"],
  ["PA", "LR", "IS"],
  ["PA", "IS", "LR"],
  ["IS", "LR", "PA"],
  ["IS", "PA", "LR"],
].flatMap(([first = "", second = "", third = ""]) =>
  [...first].flatMap((a) => [...second].flatMap((b) => [...third].map((c) => a + b + c))),
);
