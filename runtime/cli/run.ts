import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import {
  buildProgram,
  type Compiled,
  microBatchPrograms,
  nameOf,
  type ProgramName,
  type TensorData,
  type TracedSpec,
  valueNamed,
  whyNoProgram,
} from "../../compiler/index.ts";
import { type Diagnostic, didYouMean, report } from "../../grammar/index.ts";
import { backendNamed, type ChosenBackend, chooseBackend, modelOf, runOnce } from "../backends/index.ts";
import { writeAtomically } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import { renderTable } from "../text/index.ts";
import { type OpenTensors, openTensors, writeSafetensors } from "../weights/index.ts";
import { fail, failSystem, refuse, refuseWriting } from "./fail.ts";
import { matchInputs } from "./match-tensors.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { openWeights } from "./weight-sources.ts";

export interface RunOptions {
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly feeds: string | null;
  /** Named values inside the model that are given as well. */
  readonly fetch: readonly string[];
  readonly output: string;
  /** The number of the training step, from 0 on. */
  readonly step: number;
  /** A backend's name, or `auto`. */
  readonly backend: string;
}

/** `medctc run`: one program once, on given tensors, on any backend. */
export async function run(path: string, name: ProgramName, options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const chosen = chosenFor(name, options.backend);
  if (chosen.kind === "unavailable") return fail(chosen.reason, chosen.repair, terminal);
  const opened = options.feeds === null ? null : openTensors(options.feeds);
  if (opened?.kind === "wrong") return refuse([opened.diagnostic], terminal);
  try {
    return await runOn(path, name, options, chosen, opened, terminal);
  } finally {
    opened?.close();
  }
}

async function runOn(
  path: string,
  name: ProgramName,
  options: RunOptions,
  { backend, note }: Extract<ChosenBackend, { readonly kind: "chosen" }>,
  feeds: OpenTensors | null,
  terminal: Terminal,
): Promise<ExitCode> {
  const [first] = feeds?.tensors.values() ?? [];
  const batch = microBatchPrograms.some((piece) => piece === name) ? undefined : first?.shape[0];
  const compiled = compilePath(path, terminal.libraryFolder, batch === undefined ? {} : { batch, microBatch: batch });
  const { spec } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null) return exitCodes.wrong;
  if (options.fetch.length > 0 && name !== "forward") {
    fail(`${name} gives no values inside the model`, "leave out --fetch, or run forward", terminal);
    return exitCodes.usage;
  }
  const unknown = options.fetch.filter((value) => !spec.named.has(value));
  if (unknown.length > 0) {
    return refuse(
      unknown.map((value) => unknownValue(value, spec)),
      terminal,
    );
  }
  const built = buildProgram(spec, name, options.fetch);
  if (built === null) {
    return refuse([report("no-such-program", path, { name, why: whyNoProgram(spec, name) })], terminal);
  }
  const program = backend.optimise(built, spec);
  const inputs = matchInputs(program, feeds, options.step);
  const weights = openWeights([program], compiled, { ...options, allowMissing: [], complete: true });
  const problems = [...inputs.diagnostics, ...(weights.kind === "wrong" ? weights.diagnostics : [])];
  if (weights.kind === "wrong" || problems.length > 0) {
    if (weights.kind === "open") weights.close();
    return refuse(problems, terminal);
  }
  if (note !== null) terminal.err(`${note}\n`);
  const { piecesOf, state } = weights;
  try {
    const results = await runOnce(backend, modelOf(spec, [program]), { inputs: inputs.values, piecesOf, state });
    return save(results, compiled, options.output, terminal);
  } catch (error) {
    return failSystem(error, tmpdir(), terminal);
  } finally {
    weights.close();
  }
}

/** First values come from the evaluator alone, which draws what every backend is then given. */
function chosenFor(name: ProgramName, wanted: string): ChosenBackend {
  if (name !== "init") return chooseBackend({ wanted, trains: false }, (each) => each.load());
  const backend = backendNamed(wanted === "auto" ? "evaluator" : wanted);
  if (backend?.name === "evaluator") return { kind: "chosen", backend, note: null };
  const reason = "the first values are given by the reference evaluator alone";
  return { kind: "unavailable", reason, repair: "leave --backend out" };
}

function unknownValue(name: string, { named }: TracedSpec): Diagnostic {
  return report("unknown-value", name, { name }, { help: didYouMean(name, named.keys()) });
}

/** Writes what was computed; parameters and gradients go by their names in checkpoints. */
function save(
  results: ReadonlyMap<string, TensorData>,
  { plan }: Compiled,
  output: string,
  terminal: Terminal,
): ExitCode {
  const checkpoints = new Map(
    [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each.checkpoint]),
  );
  const named = new Map(
    [...results].map(([name, { type, data }]) => {
      const value = valueNamed(name);
      const inCheckpoints = (path: string): string => checkpoints.get(path) ?? path;
      const saved =
        "parameter" in value
          ? nameOf({ ...value, parameter: inCheckpoints(value.parameter) })
          : value.kind === "named"
            ? inCheckpoints(name)
            : name;
      return [saved, { shape: type.shape, data }];
    }),
  );
  try {
    mkdirSync(dirname(output), { recursive: true });
    writeAtomically(output, writeSafetensors(named));
  } catch (error) {
    return refuseWriting(error, output, terminal);
  }
  const shown = [...named]
    .slice(0, 40)
    .map(([name, { shape, data }]) => [`  ${name}`, `[${shape.join(", ")}]`, data.length === 1 ? String(data[0]) : ""]);
  terminal.out(`${named.size} tensors in ${output}\n${renderTable(shown, ["left", "left", "left"])}`);
  return exitCodes.done;
}
