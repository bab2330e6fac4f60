import { at } from "../../at.ts";
import type { ComparedScores } from "../../evaluate/index.ts";
import { failed, listWords, ok, type Result } from "../../text/index.ts";
import { problem, type Reporter } from "../reporter.ts";
import type { ScoredRun, VolumeLabels } from "./read-run.ts";

/** A run with the path that names it in messages. */
export interface NamedRun {
  readonly path: string;
  readonly run: ScoredRun;
}

/** The volumes and classes of several runs, and their labels and scores in one order. */
export interface AlignedRuns extends Pick<ComparedScores, "classes" | "labels" | "runs"> {
  readonly names: readonly string[];
}

export interface AlignSettings {
  /** Labels in place of those of the runs. */
  readonly labels: VolumeLabels | null;
  /** Whether to compare what all have, where they differ in volumes or classes. */
  readonly common: boolean;
}

/** Runs on the same volumes, in the order of the first; a problem where they have not the same. */
export function alignRuns(
  named: readonly NamedRun[],
  settings: AlignSettings,
  reporter: Pick<Reporter, "note">,
): Result<AlignedRuns> {
  const labels = settings.labels === null ? labelsOf(named) : ok(settings.labels);
  if (labels.kind === "failed") return labels;
  const shared = sharedOf(named, settings.common, reporter);
  if (shared.kind === "failed") return shared;
  const { names, classes } = shared.value;
  const known = columnsOf(labels.value, names, classes);
  if (known.kind === "failed") return known;
  const runs: ComparedScores["runs"][number][] = [];
  for (const each of named) {
    const scores = scoresOf(each, names, classes, known.value);
    if (scores.kind === "failed") return scores;
    runs.push({ scores: scores.value, threshold: each.run.policy, chosen: thresholdsOf(each.run, classes) });
  }
  return ok({ names, classes, labels: known.value, runs });
}

/** The labels of the runs, which must say the same. */
function labelsOf(named: readonly NamedRun[]): Result<VolumeLabels> {
  const known = named.flatMap(({ path, run: { labels } }) => (labels === null ? [] : [{ path, labels }]));
  const [first, ...others] = known;
  if (first === undefined)
    return failed(problem("no labels to compare the runs by", "name a table of labels with --labels"));
  for (const { path, labels } of others) {
    for (const [name, own] of first.labels.of) {
      const theirs = labels.of.get(name);
      if (theirs === undefined) continue;
      for (const [place, label] of own.entries()) {
        const column = labels.classes.indexOf(at(first.labels.classes, place));
        if (column < 0 || theirs[column] === label) continue;
        const of = JSON.stringify(first.labels.classes[place]);
        return failed({
          subject: path,
          message: `the runs have different labels of ${JSON.stringify(name)} for ${of}`,
          help: "evaluate all on the same labels, or name a table with --labels",
        });
      }
    }
  }
  return ok(first.labels);
}

/** The volumes and classes of all runs, in the order of the first. */
function sharedOf(
  named: readonly NamedRun[],
  common: boolean,
  reporter: Pick<Reporter, "note">,
): Result<Pick<AlignedRuns, "names" | "classes">> {
  const runs = named.map(({ run }) => run);
  const first = at(runs, 0);
  const names = [...first.scores.keys()].filter((name) => runs.every(({ scores }) => scores.has(name)));
  const classes = first.classes.filter((name) => runs.every((run) => run.classes.includes(name)));
  const differing = [
    differenceOf(
      "volumes",
      runs.map(({ scores }) => scores.size),
      names.length,
    ),
    differenceOf(
      "classes",
      runs.map((run) => run.classes.length),
      classes.length,
    ),
  ].filter((text) => text !== null);
  if (names.length === 0 || classes.length === 0) {
    const of = (run: ScoredRun): readonly string[] => (names.length === 0 ? [...run.scores.keys()] : run.classes);
    const own = new Set(of(first));
    const wrong = named.find(({ run }) => !of(run).some((name) => own.has(name))) ?? at(named, named.length - 1);
    const what = names.length === 0 ? "volume" : "class";
    return failed({
      subject: wrong.path,
      message: `it has no ${what} of the ${named.length > 2 ? "other runs" : "first run"}`,
      help: null,
    });
  }
  if (differing.length > 0 && !common) {
    const all = named.length > 2 ? "all" : "both";
    const help = `evaluate ${all} on the same volumes and classes, or add --common to compare what ${all} have`;
    return failed(problem(`the runs differ: ${differing.join("; ")}`, help));
  }
  for (const text of differing) reporter.note(text);
  return ok({ names, classes });
}

function differenceOf(what: string, counts: readonly number[], shared: number): string | null {
  if (counts.every((count) => count === shared)) return null;
  return `${what}: ${shared} in ${counts.length > 2 ? "all" : "both"}, of ${listWords(counts.map(String), "and")}`;
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

/** Where there is no label, any score will do: no number is made of it. */
function scoresOf(
  { path, run: { classes: columns, scores } }: NamedRun,
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
      return failed({ subject: path, message, help: "evaluate all runs on the same labels" });
    }
    rows.push(own.map((score) => (Number.isNaN(score) ? 0 : score)));
  }
  return ok(rows);
}

/** A class that the run says nothing of has the threshold 0.5. */
function thresholdsOf({ thresholds }: ScoredRun, classes: readonly string[]) {
  return classes.map((name) => {
    const value = thresholds.get(name) ?? (thresholds.has(name) ? null : 0.5);
    return value === null ? { value, why: "none could be chosen" } : { value };
  });
}
