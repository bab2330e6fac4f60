import { createSource, type Source } from "../../../grammar/index.ts";
import { compileSpec } from "../../compile.ts";
import type { Library } from "../../load/index.ts";
import type { ExpectedMemory, Plan } from "../../plan/index.ts";
import { expectMemory } from "../memory/index.ts";
import { pasteLines } from "./bare-text.ts";
import { findPlacements } from "./place.ts";
import type { FoundPlacement, FoundPlacements, PlaceOptions, PlaceResult } from "./types.ts";

/** How many of the first are compiled for what their steps cost, and for the memory that these take. */
export interface Pricing {
  readonly costs: number;
  readonly memory: number;
}

/** A placement with what it costs, where that was asked for and it compiles. */
export interface PricedPlacement extends FoundPlacement {
  readonly cost: Plan["cost"] | null;
  readonly memory: ExpectedMemory | null;
}

export interface PricedPlacements extends Omit<FoundPlacements, "placements"> {
  readonly placements: readonly PricedPlacement[];
}

/** Placements with their prices, or why there are none. */
export type PricedResult =
  | { readonly kind: "found"; readonly found: PricedPlacements }
  | Exclude<PlaceResult, { readonly kind: "found" }>;

/** Finds placements of adapters that meet a budget of trainable parameters, the simplest first, and what the first of them cost. */
export function pricedPlacements(source: Source, library: Library, options: PlaceOptions & Pricing): PricedResult {
  const result = findPlacements(source, library, options);
  if (result.kind !== "found") return result;
  const { costs, memory: withMemory } = options;
  const { found, bare } = result;
  const placements = found.placements.map((each, index): PricedPlacement => {
    if (index >= Math.max(costs, withMemory)) return { ...each, cost: null, memory: null };
    const text = pasteLines(bare, each.lines, each.imports);
    const { plan, spec } = compileSpec(createSource(source.name, text), library);
    if (plan !== null && plan.totals.trainable !== each.trainable) {
      throw new Error(`a placement has as many parameters compiled as counted: ${each.lines.join("; ")}`);
    }
    const memory = spec === null || index >= withMemory ? null : expectMemory(spec);
    return { ...each, cost: plan?.cost ?? null, memory };
  });
  return { kind: "found", found: { ...found, placements } };
}
