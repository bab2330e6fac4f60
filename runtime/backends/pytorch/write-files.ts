import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { elementCount, type TargetFile } from "../../../compiler/index.ts";
import { type FloatTensor, safetensorsPieces, type WeightPieces } from "../../weights/index.ts";
import type { WrittenSpec } from "../backend.ts";
import { packageName } from "./python-files.ts";

/** The package around the package of a model, so that a model may be called as a package is that Python has. */
const around = "medctc_model";

/** Where a package is, and the name of what workers run of it. */
export interface WrittenPackage {
  /** Where Python finds it. */
  readonly folder: string;
  readonly module: string;
}

/** Writes a package into a folder. */
export function writePackage(files: readonly TargetFile[], into: string): WrittenPackage {
  const folder = join(into, "package");
  for (const { name, content } of files) {
    const path = join(folder, around, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return { folder, module: `${around}.${packageName(files)}.worker` };
}

/** Zeros that no program reads: they stay holes in a file. */
const hole = new Float32Array(2 ** 20);

/**
 * Writes a model's weights, by their names in checkpoints, a piece at a time. What is not read, as parts of a checkpoint that are
 * never computed with, is zeros that take no room.
 */
export function writeWeights(
  path: string,
  { spec, checkpoints }: Pick<WrittenSpec, "spec" | "checkpoints">,
  read: ReadonlySet<string>,
  piecesOf: WeightPieces,
): void {
  const tensors = new Map(
    spec.parameters.flatMap(({ path: name, type }): readonly (readonly [string, FloatTensor])[] => {
      const checkpoint = checkpoints.get(name);
      const data = (): Iterable<Float32Array> => (read.has(name) ? piecesOf(name) : holes(elementCount(type)));
      return checkpoint === undefined ? [] : [[checkpoint, { shape: type.shape, data, isWhole: type.dtype === "i32" }]];
    }),
  );
  const handle = openSync(path, "wx", 0o600);
  try {
    let at = 0;
    for (const piece of safetensorsPieces(tensors)) {
      for (let done = piece.buffer === hole.buffer ? piece.length : 0; done < piece.length; ) {
        done += writeSync(handle, piece, done, Math.min(piece.length - done, bytesAtOnce), at + done);
      }
      at += piece.length;
    }
    ftruncateSync(handle, at);
  } finally {
    closeSync(handle);
  }
}

/** Bytes that are written by one call: a system takes no more than 2 GiB. */
const bytesAtOnce = 2 ** 30;

function* holes(count: number): Iterable<Float32Array> {
  for (let left = count; left > 0; left -= hole.length) yield hole.subarray(0, Math.min(left, hole.length));
}
