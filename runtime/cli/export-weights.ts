import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { foldModel, type Node, type Plan, printBytes, type TracedSpec } from "../../compiler/index.ts";
import { withComputedOnce } from "../backends/onnx/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import { countOf, type FloatTensor, safetensorsPieces, type WeightPieces } from "../weights/index.ts";
import { fail, failStorage, refuse } from "./fail.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { type GivenWeights, openWeights } from "./weight-sources.ts";

export interface ExportWeightsOptions extends GivenWeights {
  /** The safetensors file that is written. */
  readonly file: string;
  /** Fold adapters into the weights that they stand beside, instead of leaving them out. */
  readonly merge: boolean;
}

/** `medctc export --safetensors`: all weights of the model by their names in checkpoints, without adapters of its own. */
export async function exportWeights(
  path: string,
  options: ExportWeightsOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const compiled = compilePath(path, terminal.libraryFolder);
  const { spec, plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null || plan === null) return exitCodes.wrong;
  const weights = openWeights("all", compiled, options);
  if (weights.kind === "wrong") return refuse(weights.diagnostics, terminal);
  const { piecesOf, close } = weights;
  const progress = new Progress(terminal);
  try {
    let merged: MergedWeights = { paths: new Map(), piecesOf };
    if (options.merge) {
      progress.say("folding adapters into the weights beside them");
      const found = await mergedWeights(spec, plan, piecesOf);
      if (found.kind === "not-mergeable") {
        const help = "leave --merge out: the adapters stay in a file of their own";
        return fail(`adapters cannot be folded into a weight: ${found.paths.join(", ")}`, help, terminal);
      }
      merged = found;
    }
    progress.say(`writing ${options.file}`);
    const written = tensorsOf(plan, merged);
    const saved = attempt(options.file, () => {
      mkdirSync(dirname(options.file), { recursive: true });
      writeAtomically(options.file, safetensorsPieces(written));
    });
    progress.end();
    if (saved.kind === "failed") return failStorage(saved.problem, terminal);
    const bytes = [...written.values()].reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
    terminal.out(`${written.size} tensors, ${printBytes(bytes)}, in ${options.file}\n`);
    return exitCodes.done;
  } finally {
    progress.end();
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
  const own = [...parameters.filter(({ ofAdapter }) => !ofAdapter), ...buffers];
  return new Map(
    own.map(({ path, checkpoint, shape }) => [checkpoint, { shape, data: () => piecesOf(paths.get(path) ?? path) }]),
  );
}
