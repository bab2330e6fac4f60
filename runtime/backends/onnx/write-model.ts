import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  encodeOnnx,
  halfBits,
  type OnnxModel,
  type Place,
  placeWeights,
  type WeightFiles,
} from "../../../compiler/index.ts";
import { contractKey } from "../../data/index.ts";
import { writeAtomically } from "../../files/index.ts";
import { ProblemError } from "../../text/index.ts";
import type { WeightPieces } from "../../weights/index.ts";

/** What is written into a model besides its program. */
export interface About {
  /** The spec's text; empty for a model that is only run here. */
  readonly spec: string;
  readonly version: string;
  /** The placements as they stand in the spec. */
  readonly placements: readonly string[];
  /** What the network takes, as `contractKey` has it; null for a model that is only run here. */
  readonly contract: string | null;
}

/** Where models go: each program's file, and the files of their weights, all in one folder. */
export interface OnnxFiles extends WeightFiles {
  readonly folder: string;
  readonly model: (program: string) => string;
}

/** A folder of programs that share their weights. */
export function onnxFiles(folder: string): OnnxFiles {
  return { folder, model: (program) => `${program}.onnx`, frozen: "weights.data", trainable: "adapter.data" };
}

/** Messages of protocol buffers end below that size; weights are outside, so only the graph itself counts. */
const longestMessage = 2 ** 31 - 1;

/**
 * Writes ONNX models, by the names of their programs, that share their weights. Weights are written as they come, a piece
 * at a time; every file appears whole or not at all, the weights first. `progress` hears what is written next.
 */
export function writeOnnx(
  models: ReadonlyMap<string, OnnxModel>,
  files: OnnxFiles,
  piecesOf: WeightPieces,
  { spec, version, placements, contract }: About,
  progress: (file: string) => void = () => undefined,
): void {
  const places = placeWeights(
    [...models.values()].flatMap(({ weights }) => weights),
    files,
  );
  const messages = [...models].map(([program, model]) => {
    const metadata = new Map([
      ["medctc.program", program],
      ["medctc.spec", spec],
      ["medctc.spec_sha256", createHash("sha256").update(spec).digest("hex")],
      ["medctc.placements", placements.join("\n")],
      ...(contract === null ? [] : [[contractKey, contract] as const]),
    ]);
    const message = encodeOnnx(model, { name: program, version, places, metadata });
    if (message.length > longestMessage) throw new Error(`the graph of ${program} takes more than 2 GiB`);
    return { file: files.model(program), message };
  });
  mkdirSync(files.folder, { recursive: true });
  for (const file of new Set([...places.values()].map((place) => place.file))) {
    progress(file);
    const inside = [...places].filter(([, place]) => place.file === file);
    writeAtomically(join(files.folder, file), weightBytes(inside, piecesOf));
  }
  for (const { file, message } of messages) {
    progress(file);
    writeAtomically(join(files.folder, file), message);
  }
}

/** The content of a file of weights, in the order of their places, with zeros where nothing stands. */
function* weightBytes(
  weights: readonly (readonly [name: string, place: Place])[],
  piecesOf: WeightPieces,
): Generator<Uint8Array> {
  let at = 0;
  for (const [name, { offset, bytes, dtype }] of weights) {
    if (offset > at) yield new Uint8Array(offset - at);
    at = offset;
    for (const piece of piecesOf(name)) {
      const stored = dtype === "bf16" ? inHalf(name, piece) : inWhole(dtype, piece);
      const view = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
      if (at + view.length > offset + bytes) throw new Error(`${name} has more elements than its shape`);
      yield view;
      at += view.length;
    }
    if (at !== offset + bytes) throw new Error(`${name} has fewer elements than its shape`);
  }
}

/** The largest number of 16 bits: half of the next step above it, and what is larger becomes infinite. */
const largestHalf = 65_504;
const roundsToInfinity = 65_520;

function inHalf(name: string, values: Float32Array): Uint16Array {
  const large = values.find((value) => Number.isFinite(value) && Math.abs(value) >= roundsToInfinity);
  if (large !== undefined) {
    const message = `the value ${large} is too large for a 16-bit float, which ends at ${largestHalf}`;
    throw new ProblemError({ subject: name, message, help: "remove --half" });
  }
  return Uint16Array.from(values, halfBits);
}

/** Elements in their type; those of integers are whole already. */
function inWhole(dtype: Place["dtype"], values: Float32Array): Float32Array | Int8Array | Int32Array {
  switch (dtype) {
    case "i8":
      return Int8Array.from(values);
    case "i32":
      return Int32Array.from(values);
    default:
      return values;
  }
}
