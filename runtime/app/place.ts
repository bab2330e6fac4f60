import { type PlaceOptions, type PricedPlacements, type Pricing, pricedPlacements } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { assignedSpec, openSpec } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused } from "./reporter.ts";
import { type ExpectedTime, type Timed, timesAt } from "./step-times.ts";

export interface PlaceRequest extends PlaceOptions, Omit<Pricing<ExpectedTimes>, "timeOf">, SpecRequest {
  /** Where to expect times, and of an epoch of which examples beside that of a step. */
  readonly timed: Timed;
}

/** Times by backends. */
type ExpectedTimes = readonly ExpectedTime[];

/** Finds placements of adapters that meet a budget of trainable parameters, the simplest first. */
export function place(request: PlaceRequest, reporter: Reporter): Ended<PricedPlacements<ExpectedTimes>> {
  const opened = openSpec(request.spec);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const { source, diagnostics } = assignedSpec(opened, request.set);
  if (hasErrors(diagnostics)) return refuseBy(diagnostics, reporter);
  const timeOf = request.times === 0 ? () => [] : timesAt(request.timed, reporter);
  if (timeOf === null) return refused;
  const result = pricedPlacements(source, opened.library, { ...request, timeOf });
  switch (result.kind) {
    case "wrong-spec":
      return refuseBy(result.diagnostics, reporter);
    case "refused":
      return refuse(problem(result.problem.rule, result.problem.help), reporter);
    case "found":
      return done(result.found);
  }
}
