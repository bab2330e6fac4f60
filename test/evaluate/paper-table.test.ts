import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import {
  compareRuns,
  eachByItself,
  paperDocument,
  paperNotes,
  paperRows,
  type ThresholdPolicy,
} from "../../runtime/evaluate/index.ts";
import { latexTable, markdownTable } from "../../runtime/text/index.ts";
import { Random } from "../random.ts";

/** Runs that separate what is there by so much. */
function comparedRuns(lifts: readonly number[], threshold: ThresholdPolicy = { kind: "fixed", value: 0.5 }) {
  const random = new Random(3);
  const labels = Array.from({ length: 120 }, () => [random.below(3) === 0, random.below(2) === 0]);
  const noise = labels.map((row) => row.map(() => random.below(100)));
  const runs = lifts.map((lift) => ({
    threshold,
    scores: labels.map((row, volume) =>
      row.map((label, place) => (at(at(noise, volume), place) + (label ? lift : 0)) / (100 + lift)),
    ),
  }));
  const found = compareRuns(
    { classes: ["a", "b"], labels, groups: eachByItself(labels.length), runs },
    { metric: "auroc", correction: "holm", bootstrap: { resamples: 300, seed: 1 } },
  );
  const named = found.evaluations.map((evaluation, run) => ({
    label: ["base", "A & B", "rank_8"][run] ?? "",
    evaluation,
  }));
  return { ...found, named };
}

test("a row has its run's numbers in per cent, the best of each column, and how sure the difference from the first is", () => {
  const { named, comparisons, evaluations } = comparedRuns([5, 60, 5]);
  const rows = paperRows(named, comparisons);
  for (const [run, { cells }] of rows.entries()) {
    for (const { metric, text, interval } of cells) {
      const found = at(evaluations, run).overall[metric];
      if (found.value === null || found.interval === null) throw new Error("each number is there");
      expect(text).toBe((100 * found.value).toFixed(1));
      expect(interval).toBe([found.interval.low, found.interval.high].map((end) => (100 * end).toFixed(1)).join("–"));
    }
  }
  expect(rows.map(({ cells }) => cells.filter(({ isBest }) => isBest).length)).toEqual([0, 6, 0]);
  expect(rows.map(({ cells }) => cells.map(({ mark }) => mark).join(""))).toEqual(["", "‡‡‡‡‡‡", ""]);
});

test("runs with the same numbers have no best", () => {
  const { named, comparisons } = comparedRuns([5, 5]);
  expect(paperRows(named, comparisons).flatMap(({ cells }) => cells.filter(({ isBest }) => isBest))).toEqual([]);
});

test("as Markdown and as LaTeX the best is bold and signs stand for themselves", () => {
  const { named, comparisons } = comparedRuns([5, 60]);
  const rows = paperDocument(named, comparisons, { hasIntervals: true });
  const [, adapted] = paperRows(named, comparisons);
  const auroc = adapted?.cells.at(-1);
  if (auroc === undefined) throw new Error("it has cells");
  expect(markdownTable(rows)).toContain(`| **${auroc.text}‡ (${auroc.interval})** |\n`);
  expect(markdownTable(rows)).toContain(
    "| in % | accuracy | macro F1 | micro F1 | weighted F1 | samples F1 | mean AUROC |\n| :-- |",
  );
  const latex = latexTable(rows);
  expect(latex).toContain(`\\textbf{${auroc.text}$^\\ddagger$ (${auroc.interval.replace("–", "--")})} \\\\\n`);
  expect(latex).toContain("  in \\% & accuracy & ");
  expect(latex).toContain("\n  A \\& B & ");
});

test("thresholds that were chosen on what is measured are marked, and said", () => {
  const { named, comparisons } = comparedRuns([5, 60], { kind: "youden", on: null });
  expect(at(paperDocument(named, comparisons, { hasIntervals: false }), 0)).toEqual([
    "in %",
    ...["accuracy", "macro F1", "micro F1", "weighted F1", "samples F1"].map((title) => `${title} *`),
    "mean AUROC",
  ]);
  expect(paperNotes(named)).toEqual([
    "120 volumes, 2 classes; 95 % intervals from 300 resamples of 120 volumes, seed 1; bold: the best",
    "† p < 0.05, ‡ p < 0.01 for the difference from base, by paired bootstrap, not corrected for the number of comparisons",
    "thresholds chosen by Youden's index on the evaluated volumes themselves",
    "* thresholds were chosen on the labels that they are measured by: numbers at them are higher than on new volumes",
  ]);
});
