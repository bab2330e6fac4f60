import { type Compiled, type Features, type TracedSpec, whyNoStep } from "../../compiler/index.ts";
import { report } from "../../grammar/index.ts";
import {
  chooseBackend,
  type Engine,
  type EnginePurpose,
  enginePrograms,
  modelOf,
  precisionOn,
} from "../backends/index.ts";
import { fail, refuse } from "./fail.ts";
import { showMemoryRoom } from "./memory-room.ts";
import type { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { type GivenWeights, openWeights } from "./weight-sources.ts";

export interface EngineOptions extends GivenWeights {
  /** The name of a backend that trains, or `auto`. */
  readonly backend: string;
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
  const chosen = chooseBackend({ wanted: options.backend, trains: true }, (each) => each.load());
  if (chosen.kind === "unavailable") {
    fail(chosen.reason, `run: ${chosen.repair}`, terminal);
    return null;
  }
  const { backend, note } = chosen;
  if (note !== null) terminal.err(`${note}\n`);
  const { precision } = spec.settings;
  const computed = precisionOn(backend, precision);
  if (computed !== precision) {
    terminal.err(`note: ${backend.title} computes in ${computed}; the spec's precision is ${precision}\n`);
  }
  progress.say("building");
  const programs = enginePrograms(spec, backend, purpose, features);
  if (programs === null) {
    progress.end();
    refuse([report("no-such-program", "step", { name: "step", why: whyNoStep(spec) })], terminal);
    return null;
  }
  if (purpose === "train") {
    progress.end();
    if (showMemoryRoom(spec, backend, terminal).kind === "too-small") return null;
  }
  const weights = openWeights(programs, compiled, options);
  if (weights.kind === "wrong") {
    progress.end();
    refuse(weights.diagnostics, terminal);
    return null;
  }
  try {
    progress.say("loading");
    return await backend.open(modelOf(spec, programs), weights.piecesOf, folder);
  } finally {
    weights.close();
    progress.end();
  }
}
