import { type Compiled, expectMemory, type TracedSpec } from "../../compiler/index.ts";
import { report } from "../../grammar/index.ts";
import { type Engine, type EnginePurpose, enginePrograms, openOnnx, openTensorflow } from "../engine/index.ts";
import { availableBytes, judgeMemory, MemoryError } from "../memory/index.ts";
import { chooseBackend, loadTensorflow, type WantedBackend } from "../native/index.ts";
import { inspectOnnx } from "../onnx/index.ts";
import { openTensors } from "../weights/index.ts";
import { fail, refuse } from "./fail.ts";
import type { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { weightFiles, weightsOf } from "./weight-sources.ts";

/** The backends that can train. */
export type EngineBackend = Exclude<WantedBackend, "evaluator">;

export interface EngineOptions {
  readonly backend: EngineBackend;
  readonly weights: string | null;
  /** A file of adapters, or a folder that has one. */
  readonly adapter: string | null;
  /** Names of weights that the files need not have; `*` stands for anything. */
  readonly allowMissing: readonly string[];
}

/**
 * Opens what trains or encodes, with its weights; files that it needs while it lives go into `folder`. Null when it cannot be
 * had, which the user was told then.
 */
export async function openEngine(
  compiled: Compiled & { readonly spec: TracedSpec },
  purpose: EnginePurpose,
  options: EngineOptions,
  folder: string,
  progress: Progress,
  terminal: Terminal,
): Promise<Engine | null> {
  const { spec } = compiled;
  const chosen = chooseBackend(options.backend, loadTensorflow, inspectOnnx);
  if (chosen.kind === "unavailable" || chosen.kind === "evaluator") {
    const reason = chosen.kind === "unavailable" ? chosen.reason : "neither TensorFlow nor ONNX Runtime can be loaded";
    fail(reason, chosen.kind === "unavailable" ? `run: ${chosen.repair}` : "run: medctc doctor", terminal);
    return null;
  }
  if (chosen.kind === "onnx" && chosen.note !== null) terminal.err(`${chosen.note}\n`);
  progress.say("building");
  const programs = enginePrograms(spec, chosen.kind, purpose);
  if (programs === null) {
    const isWhole = spec.inPieces === null || spec.losses.length === 0;
    const why = isWhole ? "the model has no loss" : "the model's operations are others for the rows of a `micro_batch`";
    refuse([report("no-such-program", "step", { name: "step", why })], terminal);
    return null;
  }
  if (purpose === "train" && chosen.kind === "tfjs" && !isRoomFor(compiled, progress, terminal)) return null;
  const opened = weightFiles(options).map((path) => ({ path, ...openTensors(path) }));
  try {
    const wrong = opened.flatMap((file) => (file.kind === "wrong" ? [file.diagnostic] : []));
    if (wrong.length > 0) {
      refuse(wrong, terminal);
      return null;
    }
    const tensors = opened.flatMap((file) => (file.kind === "tensors" ? [file] : []));
    const { allowMissing } = options;
    const given = { weights: options.weights !== null, adapter: options.adapter !== null, allowMissing };
    const { piecesOf, diagnostics } = weightsOf(programs, compiled, tensors, given);
    if (diagnostics.length > 0) {
      refuse(diagnostics, terminal);
      return null;
    }
    progress.say("loading");
    return chosen.kind === "onnx"
      ? await openOnnx(spec, programs, piecesOf, folder)
      : await openTensorflow(chosen.native, spec, programs, piecesOf, folder);
  } finally {
    for (const file of opened) if (file.kind === "tensors") file.close();
    progress.end();
  }
}

/** Says what memory training is expected to take; false where not even the weights fit, which is said too. */
function isRoomFor(
  { spec, memory }: Compiled & { readonly spec: TracedSpec },
  progress: Progress,
  terminal: Terminal,
): boolean {
  const expected = memory ?? expectMemory(spec);
  if (expected === null) return true;
  progress.end();
  try {
    const { line, warning } = judgeMemory(expected, availableBytes());
    terminal.err(`${line}\n${warning === null ? "" : `warning: ${warning}\n`}`);
    return true;
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    fail(error.message, error.help, terminal);
    return false;
  }
}
