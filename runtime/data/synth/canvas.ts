import type { Solid } from "./solids.ts";
import { tissues } from "./tissues.ts";

/** Hounsfield units on a grid of voxels, of which x changes fastest, then y, then z. */
export interface Canvas {
  readonly size: readonly [x: number, y: number, z: number];
  /** Millimetres from voxel to voxel. */
  readonly spacing: readonly [x: number, y: number, z: number];
  readonly voxels: Float32Array;
}

/** An empty scan. */
export function blank(size: Canvas["size"], spacing: Canvas["spacing"]): Canvas {
  return { size, spacing, voxels: new Float32Array(size[0] * size[1] * size[2]).fill(tissues.air) };
}

/** Millimetres over which a surface goes from one tissue to the other: voxels at it hold some of both. */
const surfaceMm = 4;

/** Fills a solid with a tissue. Its places are from the middle of the canvas. */
export function fill({ size, spacing, voxels }: Canvas, { low, high, depthAt }: Solid, hu: number): void {
  const [firstX, lastX, offsetX] = range(low[0], high[0], size[0], spacing[0]);
  const [firstY, lastY, offsetY] = range(low[1], high[1], size[1], spacing[1]);
  const [firstZ, lastZ, offsetZ] = range(low[2], high[2], size[2], spacing[2]);
  for (let k = firstZ; k <= lastZ; k++) {
    const z = k * spacing[2] - offsetZ;
    for (let j = firstY; j <= lastY; j++) {
      const y = j * spacing[1] - offsetY;
      const row = (k * size[1] + j) * size[0];
      for (let i = firstX; i <= lastX; i++) {
        const depth = depthAt(i * spacing[0] - offsetX, y, z);
        if (depth <= -surfaceMm / 2) continue;
        const share = Math.min(1, 0.5 + depth / surfaceMm);
        const before = voxels[row + i] ?? tissues.air;
        voxels[row + i] = before + (hu - before) * share;
      }
    }
  }
}

/** The first and the last voxel that a stretch reaches along an axis, and how far the middle is from voxel 0. */
function range(low: number, high: number, size: number, spacing: number): readonly [number, number, number] {
  const offset = ((size - 1) / 2) * spacing;
  const first = Math.max(0, Math.floor((low + offset - surfaceMm) / spacing));
  const last = Math.min(size - 1, Math.ceil((high + offset + surfaceMm) / spacing));
  return [first, last, offset];
}
