import { type PlaceOptions, type PricedPlacements, type Pricing, pricedPlacements } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { assignedSpec, openSpec } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy } from "./reporter.ts";
import { type ExampleCounts, type ExpectedTime, timesHere } from "./step-times.ts";

export interface PlaceRequest extends PlaceOptions, Omit<Pricing<ExpectedTimes>, "timeOf">, SpecRequest {
  /** Expect the time of an epoch of so many examples beside that of a step; null for none. */
  readonly examples: ExampleCounts | null;
}

/** Times by backends. */
type ExpectedTimes = readonly ExpectedTime[];

/** Finds placements of adapters that meet a budget of trainable parameters, the simplest first. */
export function place(request: PlaceRequest, reporter: Reporter): Ended<PricedPlacements<ExpectedTimes>> {
  const opened = openSpec(request.spec);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const { source, diagnostics } = assignedSpec(opened, request.set);
  if (hasErrors(diagnostics)) return refuseBy(diagnostics, reporter);
  const timeOf = request.times === 0 ? () => [] : timesHere(request.examples, reporter);
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
