import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Plan, printNumberOf } from "../../../compiler/index.ts";
import { countAt } from "../../at.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import type { Problem } from "../../text/index.ts";
import { bytesOf, countOf, decode, type StoredPieces, storedPieces, type WeightPieces } from "../../weights/index.ts";
import { type CompiledSpec, compileReported, type SpecRequest } from "../compiled-spec.ts";
import { overwriting } from "../overwriting.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused, reportRemark } from "../reporter.ts";
import { reportAdapterFile } from "../weights/adapter-file.ts";
import { remarkOn } from "../weights/first-values.ts";
import { type GivenWeights, noChoices, type OpenedFiles, openWeights } from "../weights/open.ts";
import { type CheckpointContents, contentsOf, plannedContents } from "./checkpoint-contents.ts";
import { type ExportedDtype, noRounding, type Rounding, storedNumbers, writtenAs } from "./checkpoint-types.ts";
import { type ExactPieces, foldedWeights, nothingFolded, unfoldedPlacements } from "./folded-weights.ts";
import { reportContents, reportRounding } from "./report-contents.ts";

export interface ExportWeightsRequest extends GivenWeights, SpecRequest {
  /** The safetensors file that is written. */
  readonly file: string;
  /** Fold adapters into the weights that they stand beside, instead of leaving them out. */
  readonly merge: boolean;
  /** Whether adapters without any values of their own are refused. */
  readonly needsAdapters?: boolean;
  /** The type of elements; null for that of each tensor in the file of weights, and 32-bit floats where there is none. */
  readonly dtype: ExportedDtype | null;
}

export interface WeightsExport {
  readonly tensors: number;
  readonly bytes: number;
  /** How many tensors have each type of elements. */
  readonly types: ReadonlyMap<StoredPieces["dtype"], number>;
  readonly compiled: CompiledSpec;
}

/**
 * Writes a checkpoint of the model without adapters: all tensors of the file of weights, by their names there, those that the spec does
 * not have included; or all weights of the spec where no file is given.
 */
export async function exportWeights(request: ExportWeightsRequest, reporter: Reporter): Promise<Ended<WeightsExport>> {
  const over = overwriting([request.file], [request.weights, request.adapter, request.spec]);
  if (over !== null) return refuse(over, reporter);
  const compiled = compileReported(request, reporter);
  if (compiled === null) return refused;
  const { spec, plan } = compiled;
  reportAdapterFile(request.adapter, reporter);
  const weights = openWeights("all", compiled, request);
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const note of weights.notes) reporter.note(note);
  const { files, firstValues, origin, close } = weights;
  const { merge } = request;
  const remark = remarkOn(firstValues, origin, "export");
  if (remark !== null) reportRemark(remark, reporter);
  let folded = nothingFolded;
  try {
    const { all, first } = firstValues.adapters;
    if (request.needsAdapters === true && first === all) {
      const none =
        all === 0 ? "the spec has no adapters" : `${request.weights ?? "the file"} has no values of adapters`;
      const help = all === 0 ? null : "name the adapters' file with --adapter";
      return refuse(problem(`nothing to merge: ${none}`, help), reporter);
    }
    const exact = exactPieces(files, plan, weights.piecesOf);
    if (merge) {
      reporter.progress("folding adapters into the weights");
      const found = await foldedWeights(spec, plan, exact);
      if (found.kind === "not-mergeable") {
        return refuse(notMergeable(plan, found.paths, request.needsAdapters === true), reporter);
      }
      folded = found;
    }
    const { paths } = folded;
    const ofAdapter = new Set(files.adapter?.match.found.keys());
    const checkpoints = new Map([...plan.parameters, ...plan.buffers].map((each) => [each.path, each.checkpoint]));
    const isChanged = (path: string): boolean => paths.has(path) || ofAdapter.has(checkpoints.get(path) ?? "");
    const contents =
      files.weights === null
        ? plannedContents(plan)
        : contentsOf(files.weights, plan, { copy: (request.choices ?? noChoices).copy, merge }, isChanged);
    if (files.weights !== null) reportContents(files.weights.path, contents, reporter);
    const piecesOf: ExactPieces = (path) => (paths.has(path) ? folded.piecesOf(path) : exact(path));
    const rounding = noRounding();
    const tensors = storedContents(contents, files, request.dtype, piecesOf, rounding);
    reporter.progress(`writing ${request.file}`);
    const saved = attempt(request.file, () => {
      mkdirSync(dirname(request.file), { recursive: true });
      writeAtomically(request.file, storedPieces(tensors, contents.metadata));
    });
    if (saved.kind === "failed") return refuse(saved.problem, reporter);
    reportRounding(rounding, request.dtype, reporter);
    const bytes = [...tensors.values()].reduce((sum, { shape, dtype }) => sum + bytesOf(dtype) * countOf(shape), 0);
    const types = new Map<StoredPieces["dtype"], number>();
    for (const { dtype } of tensors.values()) types.set(dtype, countAt(types, dtype) + 1);
    return done({ tensors: tensors.size, bytes, types, compiled });
  } finally {
    reporter.progressEnd();
    folded.close();
    close();
  }
}

/** Which placements cannot be folded into weights, and where their adapters can be kept. */
function notMergeable(plan: Plan, paths: readonly string[], isMerge: boolean): Problem {
  const named = unfoldedPlacements(plan, paths).join(", ");
  const without = isMerge ? "" : "remove --merge to write the model without them, or ";
  return problem(
    `no weight of the model has room for ${named}: ${printNumberOf(paths.length, "adapter")}, such as ${paths[0] ?? ""}`,
    `${without}keep them beside the weights, as export --onnx and export --peft do`,
  );
}

/** The weights of the spec, those that a file has in 64-bit floats with all of their digits. */
function exactPieces({ weights, adapter }: OpenedFiles, plan: Plan, piecesOf: WeightPieces): ExactPieces {
  const double = new Map<string, ExactPieces>();
  for (const { path, checkpoint } of [...plan.parameters, ...plan.buffers]) {
    const file = [adapter, weights].find((each) => each?.match.found.has(checkpoint) === true);
    const tensor = file?.tensors.get(file.match.found.get(checkpoint) ?? "");
    if (file === undefined || file === null || file === adapter || tensor?.dtype !== "F64") continue;
    double.set(path, () => doubles(file.bytes(tensor)));
  }
  return (path) => double.get(path)?.(path) ?? piecesOf(path);
}

function* doubles(pieces: Iterable<Uint8Array>): Iterable<Float64Array> {
  for (const piece of pieces) {
    const values = new Float64Array(piece.length / 8);
    decode("F64", piece, values);
    yield values;
  }
}

/** Every tensor as it is stored, the widest elements first, so that each starts at a multiple of its size. */
function storedContents(
  contents: CheckpointContents,
  { weights }: OpenedFiles,
  asked: ExportedDtype | null,
  piecesOf: ExactPieces,
  rounding: Rounding,
): ReadonlyMap<string, StoredPieces> {
  const stored = [...contents.tensors].map(([name, content]): readonly [string, StoredPieces] => {
    if (content.kind === "changed") {
      const { path, shape } = content.planned;
      const numbers = storedNumbers(name, shape, writtenAs(content.stored, asked), () => piecesOf(path), rounding);
      return [name, numbers];
    }
    const { tensor } = content;
    if (weights === null) throw new Error("what is copied is in a file");
    const wanted = asked === null ? null : writtenAs(tensor.dtype, asked);
    if (wanted === null || wanted === tensor.dtype)
      return [name, { dtype: tensor.dtype, shape: tensor.shape, bytes: () => weights.bytes(tensor) }];
    const values = (): Iterable<Float32Array | Float64Array> =>
      tensor.dtype === "F64" ? doubles(weights.bytes(tensor)) : weights.floats(tensor);
    return [name, storedNumbers(name, tensor.shape, wanted, values, rounding)];
  });
  return new Map(stored.toSorted(([, a], [, b]) => bytesOf(b.dtype) - bytesOf(a.dtype)));
}
