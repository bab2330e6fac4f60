import type { EvalSettings, ThresholdSetting, TracedSpec } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { type Dataset, type DatasetNeeds, type LabelledExample, originOf } from "../../data/index.ts";
import { chooseThreshold, type Threshold } from "../../evaluate/index.ts";
import type { Problem } from "../../text/index.ts";
import { type DataOptions, openSplit, reportSkipped } from "../data/open.ts";
import { problem, type Reporter } from "../reporter.ts";
import type { HeldOutRequest } from "./encode-held-out.ts";
import type { NamedExample } from "./grouping.ts";
import { type HeldOutScores, scoreHeldOut } from "./held-out.ts";

/**
 * The volumes that thresholds are chosen on; null where a spec chooses none, or on those that are evaluated. Refused where there are
 * none, or where some are evaluated too.
 */
export async function openThresholdVolumes(
  spec: TracedSpec,
  data: DataOptions,
  needs: DatasetNeeds & { readonly labels: readonly string[] },
  evaluated: Dataset<LabelledExample>,
  reporter: Reporter,
): Promise<Dataset<LabelledExample> | null | "refused"> {
  const { threshold } = spec.evaluation;
  if (threshold.kind === "fixed" || threshold.on.kind === "evaluated") return null;
  const { on } = threshold;
  const named = on.kind === "named" ? { ...spec, data: { ...spec.data, valid: on.name } } : spec;
  const split = on.kind === "named" ? "valid" : "train";
  const found = await openSplit(named, data, { ...needs, split }, reporter);
  const wrong = found === null ? noVolumes(threshold) : sharedProblem(spec.evaluation, found, evaluated);
  if (wrong !== null) reporter.problem(wrong);
  return wrong !== null || found === null ? "refused" : found;
}

const otherwise =
  "name other volumes with `on` in the `eval` block, set `threshold` to a number, or accept `on = evaluated`";

function noVolumes({ kind }: ThresholdSetting): Problem {
  return problem(`there are no volumes for \`${kind}\` to choose thresholds on`, otherwise);
}

/** What says that thresholds would be chosen on what is evaluated. */
function sharedProblem(
  settings: EvalSettings,
  chosen: Dataset<LabelledExample>,
  evaluated: Dataset<LabelledExample>,
): Problem | null {
  const known = new Set(evaluated.examples.flatMap((example) => ownersOf(settings, example)));
  const shared = chosen.examples.filter((example) => ownersOf(settings, example).some((owner) => known.has(owner)));
  const [first] = shared;
  if (first === undefined) return null;
  const count = `${shared.length} of the ${chosen.examples.length} volumes to choose thresholds on`;
  const message = `${count} are of what is evaluated, or of the same patients, such as ${JSON.stringify(first.name)}`;
  return problem(message, otherwise);
}

/** What a volume shares with others that are no evidence besides it: its name, and its patient where that is known. */
function ownersOf({ resampleBy }: EvalSettings, { name, texts }: NamedExample): readonly string[] {
  if (resampleBy.kind === "column") return [`name ${name}`, `value ${at(texts, 0)}`];
  const origin = originOf(name);
  return origin === null ? [`name ${name}`] : [`name ${name}`, `patient ${origin.patient}`];
}

/** Scores volumes and chooses the thresholds of all classes on them. */
export async function chooseThresholds(
  request: HeldOutRequest,
  reporter: Reporter,
): Promise<
  | { readonly kind: "chosen"; readonly thresholds: readonly Threshold[] }
  | Exclude<HeldOutScores, { readonly kind: "scored" }>
> {
  const { threshold } = request.spec.evaluation;
  if (threshold.kind === "fixed") throw new Error("invariant: a fixed threshold is not chosen");
  const found = await scoreHeldOut(request, "choosing thresholds, volume", reporter);
  if (found.kind !== "scored") return found;
  for (const each of found.skipped) reportSkipped(each, reporter);
  const { classes, scores, labels } = found.scores;
  const thresholds = classes.map((_, index) =>
    chooseThreshold(
      threshold,
      Float64Array.from(scores, (row) => at(row, index)),
      labels.map((row) => at(row, index)),
    ),
  );
  return { kind: "chosen", thresholds };
}
