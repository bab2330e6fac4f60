import { constants, gzipSync } from "node:zlib";
import type { Canvas } from "./canvas.ts";

/** The bytes of a NIfTI-1 header with its empty extension; voxels follow. */
const headerBytes = 352;

/** Hounsfield units that a scanner tells apart. */
const range = [-1024, 3071] as const;

/**
 * A scan as a gzipped NIfTI-1 file with voxels of 16 bits, which hold Hounsfield units less the intercept. As in CT-RATE,
 * rows run from right to left, columns from front to back, slices from foot to head (LPS); those of a canvas run from back to front.
 */
export function encodeNifti(canvas: Canvas, intercept: number): Uint8Array {
  const { size, spacing, voxels } = canvas;
  const bytes = new Uint8Array(headerBytes + 2 * voxels.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  for (const [place, dim] of [3, ...size, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * place, dim, true);
  const int16 = 4;
  view.setInt16(70, int16, true);
  view.setInt16(72, 16, true);
  for (const [place, mm] of [-1, ...spacing].entries()) view.setFloat32(76 + 4 * place, mm, true);
  view.setFloat32(108, headerBytes, true);
  view.setFloat32(112, 1, true);
  const millimetres = 2;
  view.setUint8(123, millimetres);
  const scannerAnatomical = 1;
  view.setInt16(254, scannerAnatomical, true);
  for (const [row, offsets] of [280, 296, 312].entries()) {
    const mm = (spacing[row] ?? 1) * (row === 2 ? 1 : -1);
    view.setFloat32(offsets + 4 * row, mm, true);
    view.setFloat32(offsets + 12, (-mm * ((size[row] ?? 1) - 1)) / 2, true);
  }
  bytes.set(new TextEncoder().encode("n+1"), 344);
  const [columns, rows] = size;
  for (let place = 0; place < voxels.length; place++) {
    const kept = Math.min(range[1], Math.max(range[0], Math.round(voxels[place] ?? 0)));
    const row = Math.floor(place / columns) % rows;
    view.setInt16(headerBytes + 2 * (place + (rows - 1 - 2 * row) * columns), kept - intercept, true);
  }
  return gzip(bytes);
}

/**
 * Gzip with the same bytes wherever zlib is itself: 1.2.13 and those of Node 20, 22 and 24 agree. How zlib looks for
 * repeated strings depends on its version and on the processor; so only runs of one byte are shortened, which needs no
 * such search, and most is won by the Huffman codes.
 */
function gzip(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes, { level: 6, memLevel: 8, strategy: constants.Z_RLE });
  // The header also says which system wrote it, and how hard it tried.
  packed[8] = 0;
  packed[9] = 255;
  return packed;
}
