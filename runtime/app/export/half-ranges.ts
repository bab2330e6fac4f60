import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  buildProgram,
  emitOnnx,
  nodesOf,
  type OnnxModel,
  type ProductRange,
  type Program,
  productRanges,
  trialBatches,
} from "../../../compiler/index.ts";
import { OnnxSession, onnxFiles, type SentTensor, withComputedOnce, writeOnnx } from "../../backends/onnx/index.ts";
import { makeTemporaryFolder } from "../../files/index.ts";
import { compilePath } from "../../specs/index.ts";
import { countOf, largestOf, type WeightPieces } from "../../weights/index.ts";
import { type EmitRequest, type ExportedProgram, overridesFor } from "./emit-programs.ts";

/** Why a product stays in 32 bits. */
export type KeptProduct =
  /** Its weight is too large for 16 bits, or so small that all of it becomes 0. */
  | { readonly kind: "weight"; readonly names: readonly string[]; readonly largest: number }
  /** What it is computed of, or gives, is near the end of 16 bits or beyond. */
  | { readonly kind: "values"; readonly path: string; readonly largest: number };

export interface KeptProducts {
  readonly places: ReadonlySet<number>;
  readonly reasons: readonly KeptProduct[];
}

/** Halfway to the number that would come after the largest: from there on 16 bits are infinite. */
const infiniteFrom = 65_520;
/** Up to half of the smallest number above 0, all becomes 0. */
const zeroUpTo = 2 ** -25;
/** Values follow from inputs, which are made up here: others may be so many times larger. */
const margin = 8;

/** A few rows to measure, where any number is written. */
const rowsForAny = 2;

/**
 * The products of a program that 16 bits have no room for: what each is computed of and gives is measured with made-up inputs and these
 * weights. Null where the program that is measured has other products than the one that is written.
 */
export async function keptInSingle(
  name: ExportedProgram,
  request: EmitRequest,
  piecesOf: WeightPieces,
): Promise<KeptProducts | null> {
  const { batch } = request;
  const found = rangesAt(batch === "dynamic" ? rowsForAny : batch, name, request);
  const written = batch === "dynamic" ? rangesAt(trialBatches[0], name, request) : found;
  if (found === null || pathsOf(found) !== pathsOf(written)) return null;
  const { program: measuring, ranges } = found;
  if (ranges.length === 0) return { places: new Set(), reasons: [] };
  const largest = await measured(measuring, await withComputedOnce([measuring], piecesOf));
  const places = new Set<number>();
  const reasons: KeptProduct[] = [];
  for (const [place, range] of ranges.entries()) {
    const why = whyKept(range, (output) => largest.get(output) ?? 0);
    if (why.length > 0) places.add(place);
    reasons.push(...why);
  }
  return { places, reasons };
}

type Ranges = ReturnType<typeof productRanges>;

/** What is measured of a program for a batch; null where the spec has no such program. */
function rangesAt(
  rows: number | null,
  name: ExportedProgram,
  { spec: path, set, batch, merge }: EmitRequest,
): Ranges | null {
  const { spec } = compilePath(path, { ...overridesFor(rows), set });
  const program = spec === null ? null : buildProgram(spec, name);
  if (spec === null || program === null) return null;
  return productRanges(program, spec, { merge, forAnyBatch: batch === "dynamic" });
}

/** Where the products of a program are, in their order. */
function pathsOf(found: Ranges | null): string {
  return found === null ? "" : found.ranges.map(({ path }) => path).join("\n");
}

function whyKept(
  { operands, result, path, parameters }: ProductRange,
  largestIn: (output: string) => number,
): readonly KeptProduct[] {
  const why: KeptProduct[] = [];
  for (const [side, names] of parameters.entries()) {
    const largest = largestIn(operands[side] ?? "");
    if (names === null) {
      if (Number.isFinite(largest) && margin * largest > largestOf("F16")) why.push({ kind: "values", path, largest });
    } else if ((Number.isFinite(largest) && largest >= infiniteFrom) || (largest > 0 && largest <= zeroUpTo))
      why.push({ kind: "weight", names, largest });
  }
  const largest = largestIn(result);
  if (why.length === 0 && Number.isFinite(largest) && margin * largest > largestOf("F16"))
    why.push({ kind: "values", path, largest });
  return why;
}

/** The outputs of a program in ONNX Runtime, each a single number, for inputs between -1 and 1, or of zeros and ones. */
async function measured(program: Program, piecesOf: WeightPieces): Promise<ReadonlyMap<string, number>> {
  const folder = makeTemporaryFolder("medctc-half");
  try {
    const nodes = nodesOf(program);
    // As weights that may be given, or much would be computed while the model is loaded, which takes far more memory.
    const paths = nodes.flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : []));
    const model = emitOnnx(program, { trainable: new Set(paths), gradients: false });
    const files = onnxFiles(folder);
    const about = { spec: "", version: "", placements: [], contract: null };
    writeOnnx(new Map([[program.name, model]]), files, piecesOf, about);
    const session = await OnnxSession.load(join(folder, files.model(program.name)));
    try {
      const inputs = new Map(model.inputs.map(({ name, type }) => [name, madeUp(type)]));
      const found = await session.run(
        inputs,
        model.outputs.map(({ name }) => name),
      );
      return new Map(model.outputs.map(({ of, name }) => [of, Number(found.get(name)?.data[0] ?? Number.NaN)]));
    } finally {
      await session.dispose();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function madeUp({ dtype, shape: sizes }: OnnxModel["inputs"][number]["type"]): SentTensor {
  const shape = [...sizes];
  const length = countOf(shape);
  return dtype === "i32"
    ? { dtype: "int32", shape, data: Int32Array.from({ length }, (_, at) => at % 2) }
    : { dtype: "float32", shape, data: Float32Array.from({ length }, waveAt) };
}

/** Values between -1 and 1 that do not repeat. */
function waveAt(_: unknown, at: number): number {
  return Math.sin(at * 1.618_033_99 + 0.1 * Math.sin(at));
}
