import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";

/** The files below a folder, as paths in it, in the order of their names. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** One hash of all names and all bytes below a folder. */
export function hashOf(folder: string): string {
  const hash = createHash("sha256");
  for (const file of filesBelow(folder)) hash.update(`${file}\n`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}

/** A table as rows of cells by their columns. */
export function readTable(path: string): readonly ReadonlyMap<string, string>[] {
  const rows: string[][] = parse(readFileSync(path));
  const [columns = [], ...cells] = rows;
  return cells.map((row) => new Map(row.map((cell, place) => [columns[place] ?? "", cell])));
}

/** What a NIfTI-1 file says and holds, as far as these volumes use it. */
export function readVolume(path: string) {
  const bytes = gunzipSync(readFileSync(path));
  const floats = (offset: number, count: number) =>
    Array.from({ length: count }, (_, place) => bytes.readFloatLE(offset + 4 * place));
  const shorts = (offset: number, count: number) =>
    Array.from({ length: count }, (_, place) => bytes.readInt16LE(offset + 2 * place));
  const [axes = 0, ...size] = shorts(40, 8);
  const [offset = 0, slope, intercept] = floats(108, 3);
  const voxels = new Int16Array((bytes.length - offset) / 2);
  for (let place = 0; place < voxels.length; place++) voxels[place] = bytes.readInt16LE(offset + 2 * place);
  return {
    headerSize: bytes.readInt32LE(0),
    magic: bytes.toString("latin1", 344, 348),
    size: size.slice(0, axes),
    datatype: bytes.readInt16LE(70),
    bits: bytes.readInt16LE(72),
    spacing: floats(80, 3),
    offset,
    slope,
    intercept,
    sformCode: bytes.readInt16LE(254),
    rows: [floats(280, 4), floats(296, 4), floats(312, 4)],
    voxels,
  };
}
