import type { Sizes } from "../../../compiler/index.ts";

export type Triple = readonly [slices: number, height: number, width: number];

/** Where the value of each voxel comes from: source = matrix * voxel + offset, in voxels from the centre of the first. */
export interface Affine {
  readonly matrix: readonly [Triple, Triple, Triple];
  readonly offset: Triple;
}

/** Where a voxel's value comes from when `second` is applied to what `first` gave. */
export function compose(first: Affine, second: Affine): Affine {
  const row = ([a, b, c]: Triple): Triple => {
    const [slices, height, width] = second.matrix;
    return [
      a * slices[0] + b * height[0] + c * width[0],
      a * slices[1] + b * height[1] + c * width[1],
      a * slices[2] + b * height[2] + c * width[2],
    ];
  };
  const [slices, height, width] = first.matrix;
  const offset = (line: Triple, own: number): number => dot(line, second.offset) + own;
  return {
    matrix: [row(slices), row(height), row(width)],
    offset: [offset(slices, first.offset[0]), offset(height, first.offset[1]), offset(width, first.offset[2])],
  };
}

/** A matrix around the middle of a volume, which stays where it is. */
export function aroundMiddle(matrix: Affine["matrix"], [slices, height, width]: Sizes): Affine {
  const middle: Triple = [(slices - 1) / 2, (height - 1) / 2, (width - 1) / 2];
  return {
    matrix,
    offset: [
      middle[0] - dot(matrix[0], middle),
      middle[1] - dot(matrix[1], middle),
      middle[2] - dot(matrix[2], middle),
    ],
  };
}

export function diagonal([slices, height, width]: Triple): Affine["matrix"] {
  return [
    [slices, 0, 0],
    [0, height, 0],
    [0, 0, width],
  ];
}

/** The axes that are reversed, for what does nothing else; null for what needs resampling. */
export function reversedAxes({ matrix, offset }: Affine, sizes: Sizes): readonly [boolean, boolean, boolean] | null {
  const [slices, height, width] = matrix;
  const offAxis = [slices[1], slices[2], height[0], height[2], width[0], width[1]];
  if (offAxis.some((value) => value !== 0)) return null;
  const isExact = (value: number, shift: number, size: number): boolean =>
    (value === 1 && shift === 0) || (value === -1 && shift === size - 1);
  const isReversal =
    isExact(slices[0], offset[0], sizes[0]) &&
    isExact(height[1], offset[1], sizes[1]) &&
    isExact(width[2], offset[2], sizes[2]);
  return isReversal ? [slices[0] < 0, height[1] < 0, width[2] < 0] : null;
}

function dot(line: Triple, column: Triple): number {
  return line[0] * column[0] + line[1] * column[1] + line[2] * column[2];
}
