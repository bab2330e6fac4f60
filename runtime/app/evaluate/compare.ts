import { at } from "../../at.ts";
import {
  type BootstrapSettings,
  type ClassMetric,
  type Correction,
  compareRuns,
  type Groups,
  groupBy,
  type RunComparison,
} from "../../evaluate/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { done, type Ended, problem, type Reporter, refuse } from "../reporter.ts";
import { groupsByName } from "./grouping.ts";
import { readLabels, readRun, type ScoredRun, type VolumeLabels } from "./read-run.ts";

export interface CompareRunsRequest {
  /** Folders of evaluations or trainings, or their `scores.csv`. */
  readonly runs: readonly [first: string, second: string];
  /** A table of labels; null for those of the runs. */
  readonly labels: string | null;
  /** Which number of the classes is compared. */
  readonly metric: ClassMetric;
  readonly correction: Correction;
  /** What is drawn for intervals; null for what the first run says. */
  readonly by: "patient" | "scan" | "volume" | null;
  readonly bootstrap: BootstrapSettings;
  /** Whether to compare what both have, where they differ in volumes or classes. */
  readonly common: boolean;
}

/** The comparison, and why its numbers mean less than they seem to; already reported. */
export interface ComparedRuns {
  readonly comparison: RunComparison;
  readonly warnings: readonly string[];
}

/** Compares two runs on the same volumes. */
export async function compareScoredRuns(request: CompareRunsRequest, reporter: Reporter): Promise<Ended<ComparedRuns>> {
  const runs = [await readRun(request.runs[0]), await readRun(request.runs[1])] as const;
  const [first, second] = runs;
  if (first.kind === "failed") return refuse(first.problem, reporter);
  if (second.kind === "failed") return refuse(second.problem, reporter);
  const both = [first.value, second.value] as const;
  const labels = await labelsOf(request, both);
  if (labels.kind === "failed") return refuse(labels.problem, reporter);
  const shared = sharedOf(request, both, reporter);
  if (shared.kind === "failed") return refuse(shared.problem, reporter);
  const { names, classes } = shared.value;
  const known = columnsOf(labels.value, names, classes);
  if (known.kind === "failed") return refuse(known.problem, reporter);
  const groups = groupsOf(request, first.value, names);
  if (groups.kind === "failed") return refuse(groups.problem, reporter);
  const scores = both.map((run, place) => scoresOf(run, at(request.runs, place), names, classes, known.value));
  const [one, other] = scores;
  if (one?.kind !== "ok" || other?.kind !== "ok") {
    const wrong = scores.find((each) => each.kind === "failed");
    if (wrong?.kind !== "failed") throw new Error("invariant: one of both failed");
    return refuse(wrong.problem, reporter);
  }
  const warnings = [...new Set(both.flatMap((run) => run.warnings))];
  for (const warning of warnings) reporter.warning(warning);
  const thresholdsOf = ({ thresholds }: ScoredRun) =>
    classes.map((name) => thresholds.get(name) ?? (thresholds.has(name) ? null : 0.5));
  const comparison = compareRuns(
    {
      classes,
      scores: [one.value, other.value],
      labels: known.value,
      thresholds: [thresholdsOf(first.value), thresholdsOf(second.value)],
      groups: groups.value,
    },
    request,
  );
  return done({ comparison, warnings });
}

/** The labels that are given, or those of the runs, which must say the same. */
async function labelsOf(
  { labels: file, runs }: CompareRunsRequest,
  both: readonly [ScoredRun, ScoredRun],
): Promise<Result<VolumeLabels>> {
  if (file !== null) return readLabels(file);
  const [{ labels: first }, { labels: second }] = both;
  const known = first ?? second;
  if (known === null)
    return failed(problem("no labels to compare the runs by", "name a table of labels with --labels"));
  if (first === null || second === null) return ok(known);
  for (const [name, labels] of first.of) {
    const others = second.of.get(name);
    if (others === undefined) continue;
    for (const [place, label] of labels.entries()) {
      const theirs = second.classes.indexOf(at(first.classes, place));
      if (theirs < 0 || others[theirs] === label) continue;
      const message = `the runs have different labels of ${JSON.stringify(name)} for ${JSON.stringify(first.classes[place])}`;
      return failed({
        subject: runs[1],
        message,
        help: "evaluate both on the same labels, or name a table with --labels",
      });
    }
  }
  return ok(known);
}

/** The volumes and classes of both runs, in the order of the first. */
function sharedOf(
  { runs, common }: CompareRunsRequest,
  [first, second]: readonly [ScoredRun, ScoredRun],
  reporter: Reporter,
): Result<{ readonly names: readonly string[]; readonly classes: readonly string[] }> {
  const names = [...first.scores.keys()].filter((name) => second.scores.has(name));
  const classes = first.classes.filter((name) => second.classes.includes(name));
  const differing = [
    differenceOf("volumes", [first.scores.size, second.scores.size], names.length),
    differenceOf("classes", [first.classes.length, second.classes.length], classes.length),
  ].filter((text) => text !== null);
  if (names.length === 0 || classes.length === 0) {
    const what = names.length === 0 ? "volume" : "class";
    return failed({ subject: runs[1], message: `it has no ${what} of the first run`, help: null });
  }
  if (differing.length > 0 && !common) {
    const help = "evaluate both on the same volumes and classes, or add --common to compare what both have";
    return failed(problem(`the runs differ: ${differing.join("; ")}`, help));
  }
  for (const text of differing) reporter.note(text);
  return ok({ names, classes });
}

function differenceOf(what: string, [first, second]: readonly [number, number], both: number): string | null {
  return first === both && second === both ? null : `${what}: ${both} in both, of ${first} and ${second}`;
}

function columnsOf(
  { classes: columns, of }: VolumeLabels,
  names: readonly string[],
  classes: readonly string[],
): Result<readonly (readonly (boolean | null)[])[]> {
  const places = classes.map((name) => columns.indexOf(name));
  const missing = classes.find((_, index) => at(places, index) < 0);
  if (missing !== undefined)
    return failed(problem(`no labels of ${JSON.stringify(missing)}`, "name a table of labels with --labels"));
  const unlabelled = names.find((name) => !of.has(name));
  if (unlabelled !== undefined) {
    return failed({
      subject: unlabelled,
      message: "it has a score and no labels",
      help: "name a table of labels with --labels",
    });
  }
  return ok(names.map((name) => places.map((place) => of.get(name)?.[place] ?? null)));
}

function groupsOf({ by }: CompareRunsRequest, run: ScoredRun, names: readonly string[]): Result<Groups> {
  if (by !== null || run.groups === null) return groupsByName(by ?? "known", names);
  const { groups } = run;
  return ok(
    groupBy(
      run.by,
      names.map((name) => groups.get(name) ?? name),
    ),
  );
}

/** Where there is no label, any score will do: no number is made of it. */
function scoresOf(
  { classes: columns, scores }: ScoredRun,
  path: string,
  names: readonly string[],
  classes: readonly string[],
  labels: readonly (readonly (boolean | null)[])[],
): Result<readonly (readonly number[])[]> {
  const places = classes.map((name) => columns.indexOf(name));
  const rows: (readonly number[])[] = [];
  for (const [index, name] of names.entries()) {
    const own = places.map((place) => scores.get(name)?.[place] ?? Number.NaN);
    const missing = own.findIndex((score, column) => Number.isNaN(score) && at(labels, index)[column] !== null);
    if (missing >= 0) {
      const message = `${JSON.stringify(name)} has a label and no score for ${JSON.stringify(classes[missing])}`;
      return failed({ subject: path, message, help: "evaluate both runs on the same labels" });
    }
    rows.push(own.map((score) => (Number.isNaN(score) ? 0 : score)));
  }
  return ok(rows);
}
