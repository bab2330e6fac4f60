import type { ClipTime, Interval } from "../../../compiler/index.ts";
import { toDoubles, type VolumeHeader, type Voxels } from "../readers/index.ts";
import { spanOf } from "./packed-volume.ts";
import type { VolumeMetadata } from "./transform.ts";

/** A rectangle of a slice: columns x and rows y, from the first up to, and without, the last. */
export interface Rectangle {
  readonly fromX: number;
  readonly toX: number;
  readonly fromY: number;
  readonly toY: number;
}

/** Writes a rectangle of a slice's voxels as windowed values, row after row. */
export type WindowSlice = (slice: Voxels, into: Float64Array) => void;

/**
 * Stored voxels to values from the lower end of the range, for the lowest Hounsfield unit of the window and all below, to its
 * upper end, for the highest and all above: for CT-CLIP's window of -1000..1000 and its range of -1..1, units / 1000. Where they
 * are clipped after resampling, values beyond the range are left as they are. The header's scaling comes first and then
 * `scaling`, in 64-bit floats, as nibabel and CT-CLIP have it. Types of up to 16 bits go through a table of all their values.
 */
export function windowSlices(
  header: VolumeHeader,
  { slope, intercept }: Pick<VolumeMetadata, "slope" | "intercept">,
  [lowest, highest]: Interval,
  range: Interval,
  clip: ClipTime,
  rectangle: Rectangle,
): WindowSlice {
  const middle = (lowest + highest) / 2;
  const half = (highest - lowest) / 2;
  const { centre, reach } = spanOf(range);
  const windowed = (stored: number): number => {
    const units = slope * (stored * header.slope + header.intercept) + intercept;
    const kept = clip === "before" ? Math.min(Math.max(units, lowest), highest) : units;
    return centre + reach * ((kept - middle) / half);
  };
  const width = header.sizes[0];
  switch (header.type) {
    case "int8":
      return throughTable(
        Float64Array.from({ length: 2 ** 8 }, (_, bits) => windowed((bits << 24) >> 24)),
        width,
        rectangle,
      );
    case "uint8":
      return throughTable(
        Float64Array.from({ length: 2 ** 8 }, (_, bits) => windowed(bits)),
        width,
        rectangle,
      );
    case "int16":
      return throughTable(
        Float64Array.from({ length: 2 ** 16 }, (_, bits) => windowed((bits << 16) >> 16)),
        width,
        rectangle,
      );
    case "uint16":
      return throughTable(
        Float64Array.from({ length: 2 ** 16 }, (_, bits) => windowed(bits)),
        width,
        rectangle,
      );
    default: {
      const doubles = new Float64Array(header.sizes[0] * header.sizes[1]);
      return (slice, into) => {
        toDoubles(slice, doubles);
        computed(doubles, windowed, width, rectangle, into);
      };
    }
  }
}

function throughTable(table: Float64Array, width: number, rectangle: Rectangle): WindowSlice {
  return (slice, into) => {
    const { buffer, byteOffset, length } = slice;
    // The same loop for signed types, or one compiled for several kinds of arrays would be slower for all.
    if (table.length === 2 ** 8) lookUp(new Uint8Array(buffer, byteOffset, length), table, width, rectangle, into);
    else lookUp(new Uint16Array(buffer, byteOffset, length), table, width, rectangle, into);
  };
}

// No `?? 0` in these two loops ever counts: the table has all values of its type, and a rectangle is within its slice.

function lookUp(
  bits: Uint8Array | Uint16Array,
  table: Float64Array,
  width: number,
  { fromX, toX, fromY, toY }: Rectangle,
  into: Float64Array,
): void {
  let at = 0;
  for (let y = fromY; y < toY; y++) {
    let index = y * width + fromX;
    const end = y * width + toX;
    // Four at once take half the time.
    for (; index + 4 <= end; index += 4, at += 4) {
      into[at] = table[bits[index] ?? 0] ?? 0;
      into[at + 1] = table[bits[index + 1] ?? 0] ?? 0;
      into[at + 2] = table[bits[index + 2] ?? 0] ?? 0;
      into[at + 3] = table[bits[index + 3] ?? 0] ?? 0;
    }
    for (; index < end; index++) into[at++] = table[bits[index] ?? 0] ?? 0;
  }
}

function computed(
  doubles: Float64Array,
  windowed: (stored: number) => number,
  width: number,
  { fromX, toX, fromY, toY }: Rectangle,
  into: Float64Array,
): void {
  let at = 0;
  for (let y = fromY; y < toY; y++) {
    for (let index = y * width + fromX; index < y * width + toX; index++) into[at++] = windowed(doubles[index] ?? 0);
  }
}
