import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import {
  buildProgram,
  microBatchPrograms,
  nameOf,
  type Plan,
  type ProgramName,
  type TensorData,
  type TracedSpec,
  valueNamed,
  whyNoProgram,
} from "../../compiler/index.ts";
import { type Diagnostic, didYouMean, report } from "../../grammar/index.ts";
import {
  backendNamed,
  type ChosenBackend,
  chooseBackend,
  modelOf,
  type ProgramBackend,
  programBackends,
  runOnce,
} from "../backends/index.ts";
import { attempt, writeAtomically } from "../files/index.ts";
import { problemOf } from "../machine/index.ts";
import { type FloatTensor, type OpenTensors, openTensors, writeSafetensors } from "../weights/index.ts";
import { compileReported, type SpecRequest } from "./compiled-spec.ts";
import { overwriting } from "./overwriting.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refuseBy, refused } from "./reporter.ts";
import { matchInputs } from "./weights/match-tensors.ts";
import { openWeights, type WeightChoices } from "./weights/open.ts";

export interface RunRequest extends SpecRequest {
  readonly program: ProgramName;
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly feeds: string | null;
  /** Named values inside the model that are given as well. */
  readonly fetch: readonly string[];
  readonly output: string;
  /** The number of the training step, from 0 on. */
  readonly step: number;
  readonly choices?: WeightChoices;
  /** A backend's name, or `auto`. */
  readonly backend: string;
}

/** What was computed and written; parameters and gradients by their names in checkpoints. */
export type RunResults = ReadonlyMap<string, FloatTensor & { readonly data: TensorData["data"] }>;

/** Runs one program once, on given tensors, on any backend. */
export async function run(request: RunRequest, reporter: Reporter): Promise<Ended<RunResults>> {
  const { weights, adapter, feeds: fed, spec } = request;
  // A step gives new values of the adapters that it reads.
  const over = overwriting([request.output], [weights, request.program === "step" ? null : adapter, fed, spec]);
  if (over !== null) return refuse(over, reporter);
  const chosen = chosenFor(request.program, request.backend);
  if (chosen.kind === "unavailable") return refuse(problem(chosen.reason, chosen.repair), reporter);
  const feeds = request.feeds === null ? null : openTensors(request.feeds);
  if (feeds?.kind === "wrong") return refuseBy([feeds.diagnostic], reporter);
  try {
    return await runOn(request, chosen, feeds, reporter);
  } finally {
    feeds?.close();
  }
}

async function runOn(
  request: RunRequest,
  { backend, note }: Extract<ChosenBackend<ProgramBackend>, { readonly kind: "chosen" }>,
  feeds: OpenTensors | null,
  reporter: Reporter,
): Promise<Ended<RunResults>> {
  const { spec: path, program: name, fetch } = request;
  const [first] = feeds?.tensors.values() ?? [];
  const batch = microBatchPrograms.some((each) => each === name) ? undefined : first?.shape[0];
  const compiled = compileReported(request, reporter, batch === undefined ? {} : { batch, microBatch: batch });
  if (compiled === null) return refused;
  const { spec, plan } = compiled;
  if (fetch.length > 0 && name !== "forward") {
    reporter.problem(problem(`${name} has no values inside the model`, "remove --fetch, or run forward"));
    return misused;
  }
  const unknown = fetch.filter((value) => !spec.named.has(value)).map((value) => unknownValue(value, spec));
  if (unknown.length > 0) return refuseBy(unknown, reporter);
  const built = buildProgram(spec, name, fetch);
  if (built === null) {
    return refuseBy([report("no-such-program", path, { name, why: whyNoProgram(spec, name) })], reporter);
  }
  const program = backend.optimise(built, spec);
  const inputs = matchInputs(program, feeds, request.step);
  const weights = openWeights([program], compiled, { ...request, allowMissing: [], complete: true });
  const problems = [...inputs.diagnostics, ...(weights.kind === "wrong" ? weights.diagnostics : [])];
  if (weights.kind === "wrong" || problems.length > 0) {
    if (weights.kind === "open") weights.close();
    return refuseBy(problems, reporter);
  }
  if (note !== null) reporter.info(note);
  for (const each of weights.notes) reporter.note(each);
  const { piecesOf, state } = weights;
  try {
    const results = await runOnce(backend, modelOf(spec, [program]), { inputs: inputs.values, piecesOf, state });
    const named = inCheckpoints(results, plan);
    const saved = attempt(request.output, () => {
      mkdirSync(dirname(request.output), { recursive: true });
      writeAtomically(request.output, writeSafetensors(named));
    });
    return saved.kind === "failed" ? refuse(saved.problem, reporter) : done(named);
  } catch (error) {
    return refuse(problemOf(error, tmpdir()), reporter);
  } finally {
    weights.close();
  }
}

/** First values come from the evaluator alone, which draws what every backend is then given. */
function chosenFor(name: ProgramName, wanted: string): ChosenBackend<ProgramBackend> {
  if (name !== "init") return chooseBackend(wanted, programBackends, (each) => each.load());
  const backend = backendNamed(wanted === "auto" ? "evaluator" : wanted);
  if (backend?.runs === "programs" && backend.name === "evaluator") return { kind: "chosen", backend, note: null };
  const reason = "only the reference evaluator runs init";
  return { kind: "unavailable", reason, repair: "remove --backend" };
}

function unknownValue(name: string, { named }: TracedSpec): Diagnostic {
  return report("unknown-value", name, { name }, { help: didYouMean(name, named.keys()) });
}

function inCheckpoints(results: ReadonlyMap<string, TensorData>, { parameters, buffers }: Plan): RunResults {
  const checkpoints = new Map([...parameters, ...buffers].map((each) => [each.path, each.checkpoint]));
  const nameOfPath = (path: string): string => checkpoints.get(path) ?? path;
  return new Map(
    [...results].map(([name, { type, data }]) => {
      const value = valueNamed(name);
      const saved =
        "parameter" in value
          ? nameOf({ ...value, parameter: nameOfPath(value.parameter) })
          : value.kind === "named"
            ? nameOfPath(name)
            : name;
      return [saved, { shape: type.shape, data }];
    }),
  );
}
