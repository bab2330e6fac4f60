import { type Compiled, type Features, type TracedSpec, type Validation, whyNoStep } from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import {
  chooseBackend,
  type Engine,
  type EnginePurpose,
  enginePrograms,
  modelOf,
  openModel,
  precisionOn,
} from "../../backends/index.ts";
import { problem, type Reporter } from "../reporter.ts";
import { reportAverages } from "../weights/adapter-file.ts";
import { type FirstValuesRemark, remarkOn } from "../weights/first-values.ts";
import { type KeptTensors, keptTensors } from "../weights/kept-tensors.ts";
import { type GivenWeights, openWeights } from "../weights/open.ts";
import { findMemoryRoom } from "./memory-room.ts";

export interface EngineOptions extends GivenWeights {
  /** The name of a backend that trains, or `auto`. */
  readonly backend: string;
}

/** An engine with its weights, and what is to be said of those that no file gives. */
export interface OpenedEngine {
  readonly engine: Engine;
  readonly remark: FirstValuesRemark | null;
  readonly kept: KeptTensors;
}

/**
 * Opens what trains or encodes, with its weights; files that it needs while it lives go into `folder`. Null after reporting
 * why it cannot be had.
 */
export async function openEngine(
  compiled: Compiled & { readonly spec: TracedSpec },
  purpose: EnginePurpose,
  options: EngineOptions,
  folder: string,
  reporter: Reporter,
  features: Features | null = null,
  validation: Validation | null = null,
): Promise<OpenedEngine | null> {
  const { spec } = compiled;
  const chosen = chooseBackend({ wanted: options.backend, trains: true }, (each) => each.load());
  if (chosen.kind === "unavailable") {
    reporter.problem(problem(chosen.reason, `run: ${chosen.repair}`));
    return null;
  }
  const { backend, note } = chosen;
  if (note !== null) reporter.info(note);
  const { precision } = spec.settings;
  const computed = precisionOn(backend, precision);
  if (computed !== precision) {
    reporter.note(`${backend.title} computes in ${computed}; the spec's precision is ${precision}`);
  }
  reporter.progress("building");
  const programs = enginePrograms(spec, backend, purpose, features, validation);
  reporter.progressEnd();
  if (programs === null) {
    reporter.diagnostics([report("no-such-program", "step", { name: "step", why: whyNoStep(spec) })]);
    return null;
  }
  reportAverages(options.adapter, reporter);
  if (purpose === "train" && findMemoryRoom(spec, backend, reporter).kind === "too-small") return null;
  const weights = openWeights(programs, compiled, options);
  if (weights.kind === "wrong") {
    reporter.diagnostics(weights.diagnostics);
    return null;
  }
  try {
    reporter.progress("loading");
    const engine = await openModel(backend, modelOf(spec, programs), weights.piecesOf, folder);
    const remark = remarkOn(weights.firstValues, options, purpose === "train" ? "train" : "evaluate");
    return { engine, remark, kept: purpose === "train" ? keptTensors(compiled, weights.piecesOf) : new Map() };
  } finally {
    weights.close();
    reporter.progressEnd();
  }
}
