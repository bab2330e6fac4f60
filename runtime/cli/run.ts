import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import {
  buildProgram,
  type Compiled,
  microBatchPrograms,
  nameOf,
  optimise,
  optimiseForOnnx,
  type ProgramName,
  runProgram,
  type TensorData,
  type TracedSpec,
  valueNamed,
  whyNoProgram,
} from "../../compiler/index.ts";
import { type Diagnostic, didYouMean, report } from "../../grammar/index.ts";
import { writeAtomically } from "../files/index.ts";
import {
  type ChosenBackend,
  chooseBackend,
  type LoadedTensorflow,
  loadTensorflow,
  type WantedBackend,
} from "../native/index.ts";
import { inspectOnnx, runOnOnnx } from "../onnx/index.ts";
import { runOnTensorflow } from "../tensorflow/index.ts";
import { type OpenTensors, openTensors, writeSafetensors } from "../weights/index.ts";
import { adapterFile } from "./adapter-file.ts";
import { refuse } from "./fail.ts";
import { findParameters, matchInputs } from "./match-tensors.ts";
import { peftDisagreements } from "./peft-agreement.ts";
import { compilePath, showDiagnostics } from "./read-spec.ts";
import { renderTable } from "./table.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

export interface RunOptions {
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly feeds: string | null;
  /** Named values inside the model that are given as well. */
  readonly fetch: readonly string[];
  readonly output: string;
  /** The number of the training step, from 0 on. */
  readonly step: number;
  readonly backend: WantedBackend;
}

/** `medctc run`: one program once, on given tensors, in the reference evaluator, on TensorFlow or in ONNX Runtime. */
export async function run(path: string, name: ProgramName, options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const backend = chosenFor(name, options.backend);
  if (backend.kind === "unavailable") {
    terminal.err(`error: ${backend.reason}\n  help: ${backend.repair}\n`);
    return exitCodes.wrong;
  }
  const given = openGiven(options);
  try {
    return given.wrong.length > 0
      ? refuse(given.wrong, terminal)
      : await runGiven(path, name, options, backend, given, terminal);
  } finally {
    for (const file of [given.feeds, ...given.weights]) file?.close();
  }
}

interface GivenTensors {
  readonly feeds: OpenTensors | null;
  /** The model's weights, then the adapters'. */
  readonly weights: readonly OpenTensors[];
  /** Which file the adapters' are in, and what it has. */
  readonly adapter: { readonly path: string; readonly names: readonly string[] } | null;
  readonly wrong: readonly Diagnostic[];
}

function openGiven({ feeds, weights, adapter }: RunOptions): GivenTensors {
  const wrong: Diagnostic[] = [];
  const adapterPath = adapter === null ? null : adapterFile(adapter);
  const opened = [feeds, weights, adapterPath].map((file) => {
    const tensors = file === null ? null : openTensors(file);
    if (tensors?.kind !== "wrong") return tensors;
    wrong.push(tensors.diagnostic);
    return null;
  });
  const [ofFeeds = null, ...ofWeights] = opened;
  const last = ofWeights.at(-1) ?? null;
  return {
    feeds: ofFeeds,
    weights: ofWeights.filter((file) => file !== null),
    adapter: adapterPath === null || last === null ? null : { path: adapterPath, names: [...last.tensors.keys()] },
    wrong,
  };
}

async function runGiven(
  path: string,
  name: ProgramName,
  options: RunOptions,
  backend: Exclude<ChosenBackend<LoadedTensorflow>, { readonly kind: "unavailable" }>,
  { feeds, weights, adapter }: GivenTensors,
  terminal: Terminal,
): Promise<ExitCode> {
  const [first] = feeds?.tensors.values() ?? [];
  const batch = microBatchPrograms.some((piece) => piece === name) ? undefined : first?.shape[0];
  const compiled = compilePath(path, terminal.libraryFolder, batch === undefined ? {} : { batch, microBatch: batch });
  if (!showDiagnostics(compiled, terminal) || compiled.spec === null) return exitCodes.wrong;
  const { spec } = compiled;
  const unknown = options.fetch.filter((value) => !spec.named.has(value));
  if (unknown.length > 0)
    return refuse(
      unknown.map((value) => unknownValue(value, spec)),
      terminal,
    );
  const program = buildProgram(spec, name, options.fetch);
  if (program === null) {
    return refuse([report("no-such-program", path, { name, why: whyNoProgram(spec, name) })], terminal);
  }
  const optimised = backend.kind === "onnx" ? optimiseForOnnx(program, spec) : optimise(program, spec);
  const inputs = matchInputs(optimised, feeds, options.step);
  const parameters = findParameters(optimised, compiled, weights);
  const differing = adapter === null ? [] : peftDisagreements(adapter.path, adapter.names, compiled);
  const problems = [...inputs.diagnostics, ...parameters.diagnostics, ...differing];
  if (problems.length > 0) return refuse(problems, terminal);
  const given = { inputs: inputs.values, parameters: parameters.values };
  if (backend.kind !== "tfjs" && backend.note !== null) terminal.err(`${backend.note}\n`);
  if (backend.kind === "evaluator") {
    return save(runProgram(optimised, given, "f32"), compiled, options.output, terminal);
  }
  if (backend.kind === "onnx") {
    return save(await runOnOnnx(optimised, spec.settings.seed, given), compiled, options.output, terminal);
  }
  const results = await runOnTensorflow(backend.native.tf, spec, optimised, given);
  return save(results, compiled, options.output, terminal);
}

/** First values come from the evaluator alone: TensorFlow keeps those that it makes to itself. */
function chosenFor(name: ProgramName, wanted: WantedBackend): ChosenBackend<LoadedTensorflow> {
  if (name !== "init") return chooseBackend(wanted, loadTensorflow, inspectOnnx);
  if (wanted !== "tfjs" && wanted !== "onnx") return { kind: "evaluator", note: null };
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
    const reason = error instanceof Error ? error.message : String(error);
    return refuse([report("not-writable", output, { path: output, reason })], terminal);
  }
  const shown = [...named]
    .slice(0, 40)
    .map(([name, { shape, data }]) => [`  ${name}`, `[${shape.join(", ")}]`, data.length === 1 ? String(data[0]) : ""]);
  terminal.out(`${named.size} tensors in ${output}\n${renderTable(shown, ["left", "left", "left"])}`);
  return exitCodes.done;
}
