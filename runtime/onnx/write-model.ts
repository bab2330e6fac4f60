import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type ExternalTensor,
  emitOnnx,
  encodeOnnx,
  type OnnxModel,
  type OnnxSettings,
  type Program,
} from "../../compiler/index.ts";
import { writeAtomically } from "../files/index.ts";

/** The elements of a weight in their order, in pieces of any sizes. */
export type WeightPieces = (path: string) => Iterable<Float32Array>;

/** What is written into a model besides its program. */
export interface About {
  /** The spec's text; empty for a model that is only run here. */
  readonly spec: string;
  readonly version: string;
  /** The placements as they stand in the spec. */
  readonly placements: readonly string[];
}

/** A model's two files. */
export interface WrittenOnnx {
  readonly model: OnnxModel;
  readonly file: string;
  readonly data: string;
}

/** Messages of protocol buffers end below that size; weights are outside, so only the graph itself counts. */
const longestMessage = 2 ** 31 - 1;

/**
 * Writes an optimised program as ONNX: `file`, and its weights beside it in a file of the same name with `.data`. The
 * weights are written as they come, a piece at a time. Both files appear whole or not at all, the weights first.
 */
export function writeOnnx(
  program: Program,
  settings: OnnxSettings,
  file: string,
  piecesOf: WeightPieces,
  { spec, version, placements }: About,
): WrittenOnnx {
  const model = emitOnnx(program, settings);
  const data = `${file}.data`;
  mkdirSync(dirname(file), { recursive: true });
  const message = encodeOnnx(model, {
    name: program.name,
    version,
    data: basename(data),
    metadata: new Map([
      ["medctc.program", program.name],
      ["medctc.spec", spec],
      ["medctc.spec_sha256", createHash("sha256").update(spec).digest("hex")],
      ["medctc.placements", placements.join("\n")],
    ]),
  });
  if (message.length > longestMessage) throw new Error(`the graph of ${program.name} takes more than 2 GiB`);
  writeWeights(model.external, data, piecesOf);
  writeAtomically(file, message);
  return { model, file, data };
}

function writeWeights(tensors: readonly ExternalTensor[], file: string, piecesOf: WeightPieces): void {
  const staging = join(dirname(file), `.${basename(file)}.${process.pid}`);
  const handle = openSync(staging, "w");
  try {
    for (const { name, offset, bytes } of tensors) {
      let at = offset;
      for (const piece of piecesOf(name)) {
        const view = new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
        if (at + view.length > offset + bytes) throw new Error(`${name} has more elements than its shape`);
        for (let written = 0; written < view.length; ) {
          written += writeSync(handle, view, written, view.length - written, at + written);
        }
        at += view.length;
      }
      if (at !== offset + bytes) throw new Error(`${name} has fewer elements than its shape`);
    }
    fsyncSync(handle);
    closeSync(handle);
    renameSync(staging, file);
  } catch (error) {
    rmSync(staging, { force: true });
    throw error;
  }
}
