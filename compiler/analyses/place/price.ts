import { createSource, type Source } from "../../../grammar/index.ts";
import { compileSpec } from "../../compile.ts";
import type { Library } from "../../load/index.ts";
import type { ExpectedMemory, Plan } from "../../plan/index.ts";
import { type BuiltStep, builtStep, type TracedSpec } from "../../programs/index.ts";
import { expectMemory, tensorflowMemory } from "../memory/index.ts";
import { pasteLines } from "./bare-text.ts";
import { findPlacements } from "./place.ts";
import type { FoundPlacement, FoundPlacements, PlaceOptions, PlaceResult } from "./types.ts";

/** How many of the first are compiled for what their steps cost, for the memory that these take, and for their time. */
export interface Pricing<Time> {
  readonly costs: number;
  readonly memory: number;
  readonly times: number;
  /** The time of a spec's step, which a compiler does not know by itself. */
  readonly timeOf: (spec: TracedSpec, step: BuiltStep) => Time;
}

/** A placement with what it costs, where that was asked for and it compiles. */
export interface PricedPlacement<Time> extends FoundPlacement {
  readonly cost: Plan["cost"] | null;
  readonly memory: ExpectedMemory | null;
  readonly time: Time | null;
}

export interface PricedPlacements<Time> extends Omit<FoundPlacements, "placements"> {
  readonly placements: readonly PricedPlacement<Time>[];
}

/** Placements with their prices, or why there are none. */
export type PricedResult<Time> =
  | { readonly kind: "found"; readonly found: PricedPlacements<Time> }
  | Exclude<PlaceResult, { readonly kind: "found" }>;

/** Finds placements of adapters that meet a budget of trainable parameters, the simplest first, and what the first of them cost. */
export function pricedPlacements<Time>(
  source: Source,
  library: Library,
  options: PlaceOptions & Pricing<Time>,
): PricedResult<Time> {
  const result = findPlacements(source, library, options);
  if (result.kind !== "found") return result;
  const { costs, memory: withMemory, times, timeOf } = options;
  const { found, bare } = result;
  const placements = found.placements.map((each, index): PricedPlacement<Time> => {
    if (index >= Math.max(costs, withMemory, times)) return { ...each, cost: null, memory: null, time: null };
    const text = pasteLines(bare, each.lines, each.imports);
    const { plan, spec } = compileSpec(createSource(source.name, text), library);
    if (plan !== null && plan.totals.trainable !== each.trainable) {
      throw new Error(`a placement has as many parameters compiled as counted: ${each.lines.join("; ")}`);
    }
    const step = spec === null ? null : builtStep(spec);
    const memory =
      spec === null || step === null || index >= withMemory ? null : expectMemory(spec, tensorflowMemory, step);
    const time = spec === null || step === null || index >= times ? null : timeOf(spec, step);
    return { ...each, cost: plan?.cost ?? null, memory, time };
  });
  return { kind: "found", found: { ...found, placements } };
}
