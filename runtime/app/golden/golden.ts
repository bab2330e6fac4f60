import { type Comparison, compareWithKept, type Meaning } from "../../../compiler/index.ts";
import { hasErrors } from "../../../grammar/index.ts";
import { attempt, kindOfPath, readFileText, writeAtomically } from "../../files/index.ts";
import { openSpec } from "../../specs/index.ts";
import { failed, ok, type Problem, type Result } from "../../text/index.ts";
import { done, type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import { type FoundPlan, findPlans, planFileOf } from "./find-plans.ts";
import { readKeptPlan, writeKeptPlan } from "./kept-plan.ts";

export interface GoldenRequest {
  /** Empty for all below the working folder whose plan is kept. */
  readonly specs: readonly string[];
  /** Keep what the specs mean now, instead of what was kept. */
  readonly update: boolean;
}

/** What a spec is beside its golden plan. */
export interface GoldenResult {
  readonly spec: string;
  readonly plan: string;
  readonly outcome: GoldenOutcome;
}

export type GoldenOutcome =
  | { readonly kind: "same" | "written" }
  | { readonly kind: "drifted"; readonly comparison: Comparison }
  /** What was kept could not be read where there is no comparison. */
  | { readonly kind: "updated"; readonly comparison: Comparison | null }
  /** The spec has errors, which were reported; what differs as well where they are failing expectations alone. */
  | { readonly kind: "wrong"; readonly comparison: Comparison | null }
  /** There is no golden plan, or none that can be read; this was reported. */
  | { readonly kind: "missing" | "damaged" | "unwritten"; readonly problem: Problem };

/** Compares specs with their golden plans, or keeps what they mean now. */
export function golden({ specs, update }: GoldenRequest, reporter: Reporter): Ended<readonly GoldenResult[]> {
  const found = specs.length === 0 ? findPlans(reporter) : specs.map(asked);
  if (found === null) return refused;
  const results = found.flatMap((each) => {
    const outcome = each.isSpecThere ? goldenOf(each, update, reporter) : withoutSpec(each);
    if (outcome === null) return [];
    if ("problem" in outcome) reporter.problem(outcome.problem);
    return [{ spec: each.spec, plan: each.file, outcome }];
  });
  if (results.length > 0) return done(results);
  const help = "write the first: medctc golden SPEC --update";
  return refuse(problem("no golden plan in this folder or below it", help), reporter);
}

function asked(spec: string): FoundPlan {
  return { spec, file: planFileOf(spec), isSpecThere: true };
}

/** A plan that nothing is compared with any more; null for a file of others' that has such a name. */
function withoutSpec({ spec, file }: FoundPlan): GoldenOutcome | null {
  const read = readPlan(file);
  if (read.kind === "failed" && !read.problem.isOfOtherVersion) return null;
  const help = "if the spec was renamed or deleted, do the same with its golden plan";
  return { kind: "damaged", problem: { subject: file, message: `its spec ${spec} does not exist`, help } };
}

function goldenOf({ spec, file }: FoundPlan, update: boolean, reporter: Reporter): GoldenOutcome {
  const opened = openSpec(spec);
  if (opened.kind === "unread") {
    reporter.diagnostics([opened.diagnostic]);
    return { kind: "wrong", comparison: null };
  }
  const isThere = kindOfPath(file) !== "absent";
  const kept = isThere ? readPlan(file) : ok(null);
  if (kept.kind === "failed" && !update) return { kind: "damaged", problem: kept.problem.problem };
  const { meaning, comparison, diagnostics } = compareWithKept(kept.kind === "ok" ? kept.value : null, opened);
  reporter.diagnostics(diagnostics);
  if (meaning === null || hasErrors(diagnostics)) return { kind: "wrong", comparison };
  if (comparison?.isEqual === true) return { kind: "same" };
  if (update) {
    const written = attempt(file, () => writeAtomically(file, writeKeptPlan(meaning)));
    if (written.kind === "failed") return { kind: "unwritten", problem: written.problem };
    return isThere ? { kind: "updated", comparison } : { kind: "written" };
  }
  if (comparison !== null) return { kind: "drifted", comparison };
  const help = `write it: medctc golden ${spec} --update`;
  return { kind: "missing", problem: { subject: spec, message: `no golden plan: ${file} does not exist`, help } };
}

/** What keeps a golden plan from being read. */
interface UnusablePlan {
  readonly problem: Problem;
  readonly isOfOtherVersion: boolean;
}

function readPlan(file: string): Result<Meaning, UnusablePlan> {
  const content = attempt(file, () => readFileText(file));
  if (content.kind === "failed") return failed({ problem: content.problem, isOfOtherVersion: false });
  const read = readKeptPlan(content.value);
  if (read.kind === "ok") return read;
  const { message, isOfOtherVersion } = read.problem;
  const help = isOfOtherVersion
    ? "compare with that version, then write it anew with --update"
    : "restore it from version control, or write it anew with --update";
  return failed({ problem: { subject: file, message, help }, isOfOtherVersion });
}
