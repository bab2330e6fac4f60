import { type Comparison, compareSpecs } from "../../compiler/index.ts";
import { openSpec } from "../specs/index.ts";
import type { SpecRequest } from "./compiled-spec.ts";
import { done, type Ended, type Reporter, refuseBy, refused } from "./reporter.ts";

/** What two specs differ in, in what they mean. */
export function compare(before: string, after: SpecRequest, reporter: Reporter): Ended<Comparison> {
  const opened = [before, after.spec].map(openSpec);
  const [first, second] = opened;
  if (first?.kind !== "spec" || second?.kind !== "spec") {
    return refuseBy(
      opened.flatMap((each) => (each.kind === "unread" ? [each.diagnostic] : [])),
      reporter,
    );
  }
  const { comparison, diagnostics } = compareSpecs(first, { ...second, set: after.set });
  reporter.diagnostics(diagnostics);
  return comparison === null ? refused : done(comparison);
}
