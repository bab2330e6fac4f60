import type { EvalSettings, ThresholdSetting, TracedSpec } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { type Dataset, type DatasetNeeds, originOf } from "../../data/index.ts";
import {
  chooseThreshold,
  type EncodedTexts,
  type ProbeWatch,
  type ScoringTask,
  scoreTask,
  type Threshold,
} from "../../evaluate/index.ts";
import type { Problem } from "../../text/index.ts";
import { type DataOptions, openSplit, reportSkipped } from "../data/open.ts";
import { problem, type Reporter } from "../reporter.ts";
import { encodeHeldOut, type HeldOutEncoding, type HeldOutRequest } from "./encode-held-out.ts";
import { areGroupsKnown, type NamedExample } from "./grouping.ts";

/** Volumes that thresholds are chosen on, and the tasks that do. */
export interface ChoosingVolumes {
  readonly dataset: Dataset;
  readonly tasks: readonly ScoringTask[];
}

/** A threshold that is chosen on volumes that are not evaluated. */
type ChosenElsewhere = Exclude<ThresholdSetting, { readonly kind: "fixed" }>;

/** How a task's thresholds are chosen on volumes that are not evaluated; null where they are not. */
function chosenElsewhere({ threshold }: ScoringTask): ChosenElsewhere | null {
  return threshold.kind === "fixed" || threshold.on.kind === "evaluated" ? null : threshold;
}

/**
 * The volumes that tasks choose thresholds on, where these are not the evaluated ones. Refused where there are none, or where some are
 * evaluated too.
 */
export async function openThresholdVolumes(
  spec: TracedSpec,
  data: DataOptions,
  needs: DatasetNeeds,
  evaluated: Dataset,
  reporter: Reporter,
): Promise<readonly ChoosingVolumes[] | "refused"> {
  const byVolumes = new Map<string, { readonly threshold: ChosenElsewhere; readonly tasks: ScoringTask[] }>();
  for (const task of spec.evaluation.tasks) {
    if (task.kind === "retrieval") continue;
    const threshold = chosenElsewhere(task);
    if (threshold === null) continue;
    const key = JSON.stringify(threshold.on);
    const known = byVolumes.get(key);
    if (known === undefined) byVolumes.set(key, { threshold, tasks: [task] });
    else known.tasks.push(task);
  }
  const opened: ChoosingVolumes[] = [];
  for (const { threshold, tasks } of byVolumes.values()) {
    const { on } = threshold;
    const named = on.kind === "named" ? { ...spec, data: { ...spec.data, valid: on.name } } : spec;
    const split = on.kind === "named" ? "valid" : "train";
    const dataset = await openSplit(named, data, { ...needs, split }, reporter);
    const wrong = dataset === null ? noVolumes(threshold) : sharedProblem(spec.evaluation, dataset, evaluated);
    if (wrong !== null) reporter.problem(wrong);
    if (wrong !== null || dataset === null) return "refused";
    // A probe keeps groups together.
    if (tasks.some(({ kind }) => kind === "probe") && !areGroupsKnown(spec, dataset, reporter)) return "refused";
    opened.push({ dataset, tasks });
  }
  return opened;
}

const otherwise =
  "name other volumes with `on` in the `eval` block, set `threshold` to a number, or accept `on = evaluated`";

function noVolumes({ kind }: ThresholdSetting): Problem {
  return problem(`there are no volumes for \`${kind}\` to choose thresholds on`, otherwise);
}

/** What says that thresholds would be chosen on what is evaluated. */
function sharedProblem(
  settings: EvalSettings,
  chosen: Pick<Dataset, "examples">,
  evaluated: Pick<Dataset, "examples">,
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
  if (resampleBy.kind === "column") return [`name ${name}`, `value ${at(texts, texts.length - 1)}`];
  const origin = originOf(name);
  return origin === null ? [`name ${name}`] : [`name ${name}`, `patient ${origin.patient}`];
}

/** The thresholds of classes by their names, for tasks by theirs. */
export type ChosenThresholds = ReadonlyMap<string, ReadonlyMap<string, Threshold>>;

/**
 * Encodes volumes once and chooses the thresholds of all classes on them, for each task by its own scores. Those of a probe are of probes
 * that are fitted on these volumes alone, as the evaluated ones are scored by probes that are fitted on their like.
 */
export async function chooseThresholds(
  { dataset, tasks }: ChoosingVolumes,
  request: Omit<HeldOutRequest, "dataset">,
  texts: EncodedTexts | null,
  reporter: Reporter,
): Promise<
  | { readonly kind: "chosen"; readonly thresholds: ChosenThresholds }
  | Exclude<HeldOutEncoding, { readonly kind: "encoded" }>
> {
  const settings = { doing: "choosing thresholds, volume", withReports: false };
  const found = await encodeHeldOut({ ...request, dataset }, settings, reporter);
  if (found.kind !== "encoded") return found;
  for (const each of found.skipped) reportSkipped(each, reporter);
  const thresholds = new Map<string, ReadonlyMap<string, Threshold>>();
  const watch: ProbeWatch = {
    tell: (done, total) => reporter.progress(`choosing thresholds, fitting probe ${done} of ${total}`),
    isStopped: request.isStopped,
  };
  for (const task of tasks) {
    const rule = chosenElsewhere(task);
    if (rule === null) throw new Error("invariant: a fixed threshold is not chosen");
    const scored = await scoreTask(task, found.volumes, texts, watch);
    if (scored === "stopped") return { kind: "stopped" };
    const { classes, scores, labels, unscored } = scored;
    const chosen = classes.map((name, index) => {
      const values = Float64Array.from(scores, (row) => at(row, index));
      const known = labels.map((row) => at(row, index));
      return [name, chooseThreshold(rule, values, known)] as const;
    });
    const without = unscored.map(({ name, why }) => [name, { value: null, why }] as const);
    thresholds.set(task.name, new Map<string, Threshold>([...chosen, ...without]));
  }
  return { kind: "chosen", thresholds };
}
