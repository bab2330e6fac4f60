import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { foldModel, type Node, type Plan, type TracedSpec } from "../../../compiler/index.ts";
import { withComputedOnce } from "../../backends/onnx/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import { countOf, type FloatTensor, safetensorsPieces, type WeightPieces } from "../../weights/index.ts";
import { type CompiledSpec, compileReported, type SpecRequest } from "../compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused, reportRemark } from "../reporter.ts";
import { reportAverages } from "../weights/adapter-file.ts";
import { remarkOn } from "../weights/first-values.ts";
import { type GivenWeights, openWeights } from "../weights/open.ts";

export interface ExportWeightsRequest extends GivenWeights, SpecRequest {
  /** The safetensors file that is written. */
  readonly file: string;
  /** Fold adapters into the weights that they stand beside, instead of leaving them out. */
  readonly merge: boolean;
}

export interface WeightsExport {
  readonly tensors: number;
  readonly bytes: number;
  readonly compiled: CompiledSpec;
}

/** Writes all weights of the model by their names in checkpoints, without adapters of its own. */
export async function exportWeights(request: ExportWeightsRequest, reporter: Reporter): Promise<Ended<WeightsExport>> {
  const compiled = compileReported(request, reporter);
  if (compiled === null) return refused;
  const { spec, plan } = compiled;
  reportAverages(request.adapter, reporter);
  const weights = openWeights("all", compiled, request);
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const note of weights.notes) reporter.note(note);
  const { piecesOf, firstValues, origin, close } = weights;
  const remark = remarkOn(firstValues, origin, "export");
  if (remark !== null) reportRemark(remark, reporter);
  try {
    let merged: MergedWeights = { paths: new Map(), piecesOf };
    if (request.merge) {
      reporter.progress("folding adapters into the weights");
      const found = await mergedWeights(spec, plan, piecesOf);
      if (found.kind === "not-mergeable") {
        const help = "remove --merge to keep the adapters in a separate file";
        return refuse(problem(`adapters cannot be folded into a weight: ${found.paths.join(", ")}`, help), reporter);
      }
      merged = found;
    }
    reporter.progress(`writing ${request.file}`);
    const written = tensorsOf(plan, merged);
    const saved = attempt(request.file, () => {
      mkdirSync(dirname(request.file), { recursive: true });
      writeAtomically(request.file, safetensorsPieces(written));
    });
    if (saved.kind === "failed") return refuse(saved.problem, reporter);
    const bytes = [...written.values()].reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
    return done({ tensors: written.size, bytes, compiled });
  } finally {
    reporter.progressEnd();
    close();
  }
}

interface MergedWeights {
  /** What stands for a parameter, by its path. */
  readonly paths: ReadonlyMap<string, string>;
  readonly piecesOf: WeightPieces;
}

/** The weights into which adapters were folded, computed as the compiler folds them. */
async function mergedWeights(
  spec: TracedSpec,
  plan: Plan,
  piecesOf: WeightPieces,
): Promise<
  ({ readonly kind: "merged" } & MergedWeights) | { readonly kind: "not-mergeable"; readonly paths: readonly string[] }
> {
  const { program, modules, left } = foldModel(spec, plan);
  if (left.length > 0) return { kind: "not-mergeable", paths: left };
  const paths = new Map<string, string>();
  const once = new Map<string, Node>();
  for (const { weight, bias } of modules.values())
    for (const { parameter, node } of bias === null ? [weight] : [weight, bias]) {
      paths.set(parameter.path, `${parameter.path}:merged`);
      once.set(`${parameter.path}:merged`, node);
    }
  return { kind: "merged", paths, piecesOf: await withComputedOnce([{ ...program, once }], piecesOf) };
}

/** Everything that the model has without its adapters, in the plan's order. */
function tensorsOf(
  { parameters, buffers }: Plan,
  { paths, piecesOf }: MergedWeights,
): ReadonlyMap<string, FloatTensor> {
  const own = [...parameters, ...buffers].filter(({ ofAdapter }) => !ofAdapter);
  return new Map(
    own.map(({ path, checkpoint, shape }) => [checkpoint, { shape, data: () => piecesOf(paths.get(path) ?? path) }]),
  );
}
