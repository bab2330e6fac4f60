import { type Compiled, expectMemory, type Features, type TracedSpec, whyNoStep } from "../../compiler/index.ts";
import { report } from "../../grammar/index.ts";
import { type Engine, type EnginePurpose, enginePrograms, openOnnx, openTensorflow } from "../engine/index.ts";
import { availableBytes, judgeMemory, MemoryError } from "../memory/index.ts";
import { chooseBackend, loadTensorflow, type WantedBackend } from "../native/index.ts";
import { inspectOnnx } from "../onnx/index.ts";
import { fail, refuse } from "./fail.ts";
import type { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { type GivenWeights, openWeights } from "./weight-sources.ts";

/** The backends that can train. */
export type EngineBackend = Exclude<WantedBackend, "evaluator">;

export interface EngineOptions extends GivenWeights {
  readonly backend: EngineBackend;
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
  features: Features | null = null,
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
  const programs = enginePrograms(spec, chosen.kind, purpose, features);
  if (programs === null) {
    progress.end();
    refuse([report("no-such-program", "step", { name: "step", why: whyNoStep(spec) })], terminal);
    return null;
  }
  if (purpose === "train" && chosen.kind === "tfjs" && !isRoomFor(compiled, progress, terminal)) return null;
  const weights = openWeights(programs, compiled, options);
  if (weights.kind === "wrong") {
    progress.end();
    refuse(weights.diagnostics, terminal);
    return null;
  }
  try {
    progress.say("loading");
    return chosen.kind === "onnx"
      ? await openOnnx(spec, programs, weights.piecesOf, folder)
      : await openTensorflow(chosen.native, spec, programs, weights.piecesOf, folder);
  } finally {
    weights.close();
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
