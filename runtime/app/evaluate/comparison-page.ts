import { at } from "../../at.ts";
import {
  type ComparedRuns,
  type ComparedScores,
  compareRuns,
  type Evaluation,
  eachByItself,
  type KeptScores,
} from "../../evaluate/index.ts";
import type { CaseMaterial, ComparisonReport } from "../../report/index.ts";

/** An evaluation with what it was made of. */
export interface NamedEvaluation {
  /** What tells it from the others: `base`, or the name of an adapter's folder. */
  readonly label: string;
  readonly evaluation: Evaluation;
  readonly scores: KeptScores;
  /** Why its numbers mean less than they seem to. */
  readonly warnings: readonly string[];
}

/** What there is to see of volumes, by name. */
export type CaseMaterials = ReadonlyMap<string, CaseMaterial>;

/** Gets it of volumes, the hardest first; not of all of them. */
export type DrawCases = (names: readonly string[]) => Promise<CaseMaterials>;

/**
 * The page that compares evaluations of the same classes, each with the first, on the volumes that all have. Intervals and p are
 * made as the first evaluation's, of 1,000 resamples where it has none.
 */
export async function compareEvaluations(
  title: string,
  named: readonly NamedEvaluation[],
  drawCases: DrawCases = noCases,
): Promise<ComparedRuns & { readonly page: string }> {
  const first = at(named, 0);
  const rowsOf = named.map(({ scores: { names } }) => new Map(names.map((name, row) => [name, row])));
  const places = [...first.scores.names.keys()].filter((row) => {
    return rowsOf.every((rows) => rows.has(at(first.scores.names, row)));
  });
  const names = places.map((row) => at(first.scores.names, row));
  const groups = first.scores.groups ?? eachByItself(first.scores.names.length);
  const found = {
    classes: first.scores.classes,
    labels: places.map((row) => at(first.scores.labels, row)),
    runs: named.map(({ evaluation: { threshold, classes }, scores: { scores } }, run) => ({
      scores: names.map((name) => at(scores, at(rowsOf, run).get(name) ?? -1)),
      threshold,
      chosen: classes.map(({ threshold: value }) =>
        value === null ? { value, why: "none could be chosen" } : { value },
      ),
    })),
  };
  const { resamples, seed } = first.evaluation.bootstrap ?? { resamples: 1000, seed: 0 };
  const compared = compareRuns(
    { ...found, groups: { ...groups, of: Int32Array.from(places, (row) => at(groups.of, row)) } },
    { metric: "auroc", correction: "holm", bootstrap: { resamples, seed } },
  );
  const warnings = [...new Set(named.flatMap((each) => each.warnings))];
  const runLabels = named.map(({ label }) => label);
  const shown = { ...found, ...compared, title, names, runLabels, warnings };
  return { ...compared, page: await comparisonPage(shown, drawCases) };
}

/** What a comparison came to, for a page. */
export interface PageRequest
  extends ComparedRuns,
    Pick<ComparedScores, "labels" | "runs">,
    Pick<ComparisonReport, "title" | "names" | "warnings"> {
  /** What tells the runs apart. */
  readonly runLabels: readonly string[];
}

export async function comparisonPage(
  { runLabels, runs, evaluations, ...rest }: PageRequest,
  drawCases: DrawCases = noCases,
): Promise<string> {
  const { hardestCases, renderComparison } = await import("../../report/index.ts");
  const compared = runs.map(({ scores }, run) => ({
    scores,
    label: at(runLabels, run),
    evaluation: at(evaluations, run),
  }));
  const hardest = hardestCases({ runs: compared, labels: rest.labels });
  const cases = await drawCases(hardest.map(({ volume }) => at(rest.names, volume)));
  return renderComparison({ ...rest, runs: compared, cases });
}

const noCases: DrawCases = () => Promise.resolve(new Map());
