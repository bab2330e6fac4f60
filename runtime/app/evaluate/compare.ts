import { basename, resolve } from "node:path";
import { at } from "../../at.ts";
import {
  type ClassMetric,
  type ComparedRuns,
  type CompareSettings,
  type Correction,
  compareRuns,
  type Evaluation,
  evaluateScores,
  type Groups,
  groupBy,
} from "../../evaluate/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import { listWords, ok, type Result } from "../../text/index.ts";
import { done, type Ended, type Reporter, refuse } from "../reporter.ts";
import { alignRuns, type NamedRun } from "./align-runs.ts";
import { comparisonPage, type PageRequest } from "./comparison-page.ts";
import { groupsByName } from "./grouping.ts";
import { readLabels, readRun, type ScoredRun } from "./read-run.ts";

export interface CompareRunsRequest extends CompareSettings {
  /** Folders of evaluations or trainings, or their `scores.csv`; the others are held against the first. */
  readonly runs: readonly [first: string, second: string, ...others: string[]];
  /** A table of labels; null for those of the runs. */
  readonly labels: string | null;
  /** Which number of the classes is compared. */
  readonly metric: ClassMetric;
  readonly correction: Correction;
  /** What is drawn for intervals; null for what the first run says. */
  readonly by: "patient" | "scan" | "volume" | null;
  /** Whether to compare what all have, where they differ in volumes or classes. */
  readonly common: boolean;
  /** A file for a page with charts; null for none. */
  readonly page: string | null;
}

/** The comparison, and why its numbers mean less than they seem to; already reported. */
export interface ComparedScoredRuns extends ComparedRuns {
  /** What tells the runs apart. */
  readonly labels: readonly string[];
  readonly warnings: readonly string[];
  /** The page that was written, if one was asked for. */
  readonly page: Result<string | null>;
}

/** Compares runs on the same volumes. */
export async function compareScoredRuns(
  request: CompareRunsRequest,
  reporter: Reporter,
): Promise<Ended<ComparedScoredRuns>> {
  const named: NamedRun[] = [];
  for (const path of request.runs) {
    const run = await readRun(path);
    if (run.kind === "failed") return refuse(run.problem, reporter);
    named.push({ path, run: run.value });
  }
  const given = request.labels === null ? null : await readLabels(request.labels);
  if (given?.kind === "failed") return refuse(given.problem, reporter);
  const aligned = alignRuns(named, { labels: given?.value ?? null, common: request.common }, reporter);
  if (aligned.kind === "failed") return refuse(aligned.problem, reporter);
  const groups = groupsOf(request, named[0]?.run, aligned.value.names);
  if (groups.kind === "failed") return refuse(groups.problem, reporter);
  const warnings = [...new Set(named.flatMap(({ run }) => run.warnings))];
  for (const warning of warnings) reporter.warning(warning);
  const compared = compareRuns({ ...aligned.value, groups: groups.value }, request);
  const labels = labelsOf(request.runs);
  const page =
    request.page === null
      ? ok(null)
      : await writePage(request.page, { ...aligned.value, ...compared, runLabels: labels, warnings });
  return done({ ...compared, labels, warnings, page });
}

/** Measures the scores of one run again, which are in a folder of an evaluation or of a training, or in a `scores.csv`. */
export async function evaluateScoredRun(
  path: string,
  reporter: Pick<Reporter, "note">,
): Promise<Result<{ readonly evaluation: Evaluation; readonly warnings: readonly string[] }>> {
  const run = await readRun(path);
  if (run.kind === "failed") return run;
  const aligned = alignRuns([{ path, run: run.value }], { labels: null, common: false }, reporter);
  if (aligned.kind === "failed") return aligned;
  const { names, classes, labels, runs } = aligned.value;
  const groups = groupsOf({ by: null }, run.value, names);
  if (groups.kind === "failed") return groups;
  const evaluation = evaluateScores({ classes, labels, groups: groups.value, ...at(runs, 0) });
  return ok({ evaluation, warnings: run.value.warnings });
}

/** The last parts of the paths, unless two are the same. */
function labelsOf(paths: readonly string[]): readonly string[] {
  const last = paths.map((path) => basename(resolve(path)));
  return new Set(last).size === last.length ? last : paths;
}

function groupsOf(
  { by }: Pick<CompareRunsRequest, "by">,
  run: ScoredRun | undefined,
  names: readonly string[],
): Result<Groups> {
  if (by !== null || run === undefined || run.groups === null) return groupsByName(by ?? "known", names);
  const { groups } = run;
  return ok(
    groupBy(
      run.by,
      names.map((name) => groups.get(name) ?? name),
    ),
  );
}

async function writePage(file: string, found: Omit<PageRequest, "title">): Promise<Result<string>> {
  const page = await comparisonPage({ ...found, title: `Comparison of ${listWords(found.runLabels, "and")}` });
  const written = attempt(file, () => writeAtomically(file, page));
  return written.kind === "failed" ? written : ok(file);
}
