import { type Compiled, type Plan, type TracedSpec, whyNoStep } from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import {
  type Backend,
  type Besides,
  type Engine,
  type EnginePurpose,
  oneProcess,
  openableFor,
  openModel,
  precisionOn,
} from "../../backends/index.ts";
import type { DrawnValues } from "../../train/index.ts";
import type { Reporter } from "../reporter.ts";
import { unwritable } from "../unwritable.ts";
import { reportAdapterFile } from "../weights/adapter-file.ts";
import { type FirstValuesRemark, remarkOn } from "../weights/first-values.ts";
import { type KeptTensors, keptTensors } from "../weights/kept-tensors.ts";
import { type GivenWeights, openWeights } from "../weights/open.ts";
import type { BackendOptions } from "./choose.ts";
import { findMemoryRoom } from "./memory-room.ts";

export interface EngineOptions extends GivenWeights, BackendOptions {}

/** An engine with its weights, and what is to be said of those that no file gives. */
export interface OpenedEngine {
  readonly engine: Engine;
  readonly remark: FirstValuesRemark | null;
  readonly kept: KeptTensors;
  readonly drawn: DrawnValues;
}

/**
 * Opens what trains or encodes on a backend, with its weights; files that it needs while it lives go into `folder`. Null after reporting
 * why it cannot be had.
 */
export async function openEngine(
  compiled: Compiled & { readonly spec: TracedSpec; readonly plan: Plan },
  purpose: EnginePurpose,
  backend: Backend,
  options: Omit<EngineOptions, "backend">,
  folder: string,
  reporter: Reporter,
  besides: Besides = {},
): Promise<OpenedEngine | null> {
  const { spec } = compiled;
  const { precision } = spec.settings;
  const computed = precisionOn(backend, precision);
  if (computed !== precision) {
    reporter.note(`${backend.title} computes in ${computed}; the spec's precision is ${precision}`);
  }
  reporter.progress("building");
  const openable = openableFor(purpose, compiled, backend, options.launch ?? oneProcess, besides);
  reporter.progressEnd();
  if (openable.runs === "no-step") {
    reporter.diagnostics([report("no-such-program", "step", { name: "step", why: whyNoStep(spec) })]);
    return null;
  }
  if (openable.runs === "unwritable") {
    reporter.problem(unwritable(openable.why, backend.title));
    return null;
  }
  reportAdapterFile(options.adapter, reporter);
  if (purpose === "train" && findMemoryRoom(spec, backend, reporter).kind === "too-small") return null;
  const weights = openWeights(openable.model.programs, compiled, options);
  if (weights.kind === "wrong") {
    reporter.diagnostics(weights.diagnostics);
    return null;
  }
  for (const note of weights.notes) reporter.note(note);
  try {
    reporter.progress("loading");
    const engine = await openModel(openable, weights.piecesOf, folder);
    const drawn = { seed: spec.settings.seed, parameters: weights.firstValues.random };
    const remark = remarkOn(weights.firstValues, weights.origin, purpose === "train" ? "train" : "evaluate");
    return { engine, remark, drawn, kept: purpose === "train" ? keptTensors(compiled, weights.piecesOf) : new Map() };
  } finally {
    weights.close();
    reporter.progressEnd();
  }
}

/** Whether an engine with each of some adapters could be opened, after reporting what keeps one from it: they are long in coming. */
export function areWeightsUsable(
  compiled: Compiled & { readonly spec: TracedSpec; readonly plan: Plan },
  backend: Backend,
  options: Omit<EngineOptions, "adapter">,
  given: readonly Pick<GivenWeights, "adapter">[],
  reporter: Pick<Reporter, "diagnostics">,
): boolean {
  const openable = openableFor("encode", compiled, backend, options.launch ?? oneProcess);
  // What keeps a spec from being opened at all is reported where it is opened.
  if (openable.runs === "no-step" || openable.runs === "unwritable") return true;
  const { programs } = openable.model;
  const wrong = given.flatMap(({ adapter }) => {
    const weights = openWeights(programs, compiled, { ...options, adapter });
    if (weights.kind === "wrong") return weights.diagnostics;
    weights.close();
    return [];
  });
  if (wrong.length > 0) reporter.diagnostics(wrong);
  return wrong.length === 0;
}
