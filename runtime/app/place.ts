import { type PlaceOptions, type PricedPlacements, type Pricing, pricedPlacements } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { assignedSpec, openSpec } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy } from "./reporter.ts";

export interface PlaceRequest extends PlaceOptions, Pricing, SpecRequest {}

/** Finds placements of adapters that meet a budget of trainable parameters, the simplest first. */
export function place(request: PlaceRequest, reporter: Reporter): Ended<PricedPlacements> {
  const opened = openSpec(request.spec);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const { source, diagnostics } = assignedSpec(opened, request.set);
  if (hasErrors(diagnostics)) return refuseBy(diagnostics, reporter);
  const result = pricedPlacements(source, opened.library, request);
  switch (result.kind) {
    case "wrong-spec":
      return refuseBy(result.diagnostics, reporter);
    case "refused":
      return refuse(problem(result.problem.rule, result.problem.help), reporter);
    case "found":
      return done(result.found);
  }
}
