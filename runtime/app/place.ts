import {
  assignedSource,
  compileSpec,
  type ExpectedMemory,
  expectMemory,
  type FoundPlacement,
  type FoundPlacements,
  findPlacements,
  type PlaceOptions,
  type Plan,
  pasteLines,
} from "../../compiler/index.ts";
import { createSource, hasErrors } from "../../grammar/index.ts";
import { openSpec } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy } from "./reporter.ts";

export interface PlaceRequest extends PlaceOptions, SpecRequest {
  /** How many of the first are compiled for what their steps cost, and for the memory that these take. */
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

/** Finds placements of adapters that meet a budget of trainable parameters, the simplest first. */
export function place(request: PlaceRequest, reporter: Reporter): Ended<PricedPlacements> {
  const { spec: path, set, costs, memory: withMemory, ...options } = request;
  const opened = openSpec(path);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const { library } = opened;
  const { source, diagnostics } = assignedSource(opened.source, set);
  if (hasErrors(diagnostics)) return refuseBy(diagnostics, reporter);
  const result = findPlacements(source, library, options);
  switch (result.kind) {
    case "wrong-spec":
      return refuseBy(result.diagnostics, reporter);
    case "refused":
      return refuse(problem(result.problem.rule, result.problem.help), reporter);
    case "found": {
      const { found, bare } = result;
      const placements = found.placements.map((each, index): PricedPlacement => {
        if (index >= Math.max(costs, withMemory)) return { ...each, cost: null, memory: null };
        const text = pasteLines(bare, each.lines, each.imports);
        const { plan, spec } = compileSpec(createSource(path, text), library);
        if (plan !== null && plan.totals.trainable !== each.trainable) {
          throw new Error(`a placement has as many parameters compiled as counted: ${each.lines.join("; ")}`);
        }
        const memory = spec === null || index >= withMemory ? null : expectMemory(spec);
        return { ...each, cost: plan?.cost ?? null, memory };
      });
      return done({ ...found, placements });
    }
  }
}
