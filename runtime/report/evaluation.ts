import {
  classesWithoutThreshold,
  type Evaluation,
  equalScores,
  type ListedMetric,
  type Metric,
  metrics,
  printInterval,
  printMetric,
  printPolicy,
  printResamples,
  printThreshold,
  someMissing,
  thinIntervals,
  thresholdCaution,
  undefinedClasses,
} from "../evaluate/index.ts";
import { listWords, printCount } from "../text/index.ts";
import { aurocChart } from "./auroc-chart.ts";
import { evaluationLegend } from "./comparison.ts";
import { renderTable, type Section, type TableCell, type TableColumn } from "./markup.ts";
import { escapeMarkup } from "./picture/index.ts";
import { rocCharts } from "./roc-charts.ts";
import type { LabelledEvaluation } from "./types.ts";

/**
 * What scores are worth: over all classes, then class by class, the last evaluation against the first. `task` tells the sections from
 * those of other tasks; null where there is one.
 */
export async function evaluationSections(
  evaluations: readonly LabelledEvaluation[],
  task: string | null,
): Promise<readonly Section[]> {
  const final = evaluations.at(-1);
  if (final === undefined) return [];
  const compared = evaluations.length > 2 ? [...evaluations.slice(0, 1), final] : evaluations;
  const overall = `<p class="about">${about(final.evaluation)}</p>${overallTable(evaluations)}`;
  const section = (id: string, title: string, body: string): Section =>
    task === null ? { id, title, body } : { id: `${id}-${task}`, title: `${title}: ${task}`, body };
  const sections = [section("evaluation", "Evaluation", overall)];
  if (final.evaluation.classes.length === 0) return sections;
  const classes = `${await aurocChart(compared, task)}${classTable(compared)}${undefinedList(evaluations)}${callsList(final.evaluation)}${thinList(final.evaluation)}`;
  sections.push(section("classes", "Each class", classes));
  const curves = await rocCharts(compared, task);
  if (curves === "") return sections;
  const axes = "Horizontal: false positive rate. Vertical: true positive rate.";
  const body = `<p class="about">${axes} ${evaluationLegend(compared)}</p><div class="rocs">${curves}</div>`;
  return [...sections, section("roc", "ROC curves", body)];
}

function about(evaluation: Evaluation): string {
  const { examples, threshold } = evaluation;
  const sentences = [`${printCount(examples)} ${examples === 1 ? "example" : "examples"}; ${printPolicy(threshold)}.`];
  const drawn = printResamples(evaluation);
  if (drawn !== "") sentences.push(`Intervals cover 95 % of ${drawn}.`);
  const caution = thresholdCaution(threshold);
  if (caution !== null) sentences.push(`${mark} ${caution}.`);
  return escapeMarkup(sentences.join(" "));
}

/** Marks numbers of calls by thresholds that were chosen on what is shown. */
const mark = "*";

function markOf(metric: ListedMetric, { threshold }: Evaluation): string {
  return metric.from === "calls" && thresholdCaution(threshold) !== null ? ` ${mark}` : "";
}

/** A row for each number, a column for each evaluation, and what changed from the first to the last. */
function overallTable(evaluations: readonly LabelledEvaluation[]): string {
  const first = evaluations.at(0);
  const last = evaluations.at(-1);
  const columns: TableColumn[] = [
    { title: "over all classes", align: "left" },
    ...evaluations.map((evaluation) => ({ title: titleOf(evaluation), align: "right" as const })),
  ];
  if (evaluations.length > 1) columns.push({ title: "change", align: "right" });
  const named = metrics.flatMap((of) => of.overall.map(({ name, title }) => ({ of, metric: name, title })));
  const rows = named.map(({ of, metric, title }) => {
    const cells = evaluations.map(({ evaluation }) => cellOf(evaluation.overall[metric]));
    return [
      `${title}${last === undefined ? "" : markOf(of, last.evaluation)}`,
      ...cells,
      ...changeOf(first?.evaluation.overall[metric], last?.evaluation.overall[metric], evaluations),
    ];
  });
  return renderTable("Metrics over all classes", columns, rows);
}

function titleOf({ label, step }: LabelledEvaluation): string {
  return step === null ? label : `${label} (step ${step})`;
}

/** A row for each class, in the order of the classes. */
function classTable(compared: readonly LabelledEvaluation[]): string {
  const [first] = compared;
  const last = compared.at(-1);
  const hasMissing = last !== undefined && someMissing(last.evaluation);
  const isChosen = last !== undefined && last.evaluation.threshold.kind !== "fixed";
  const counts = ["present", ...(hasMissing ? ["missing"] : [])];
  const columns: TableColumn[] = [
    { title: "class", align: "left" },
    ...counts.map((title) => ({ title, align: "right" as const })),
    ...compared.map(({ label }) => ({
      title: compared.length > 1 ? `AUROC ${label}` : "AUROC",
      align: "right" as const,
    })),
    ...others.flatMap((metric) => {
      const title = `${metric.title}${last === undefined ? "" : markOf(metric, last.evaluation)}`;
      const own = { title, align: "right" as const };
      return metric === firstOfCalls && isChosen ? [{ title: "threshold", align: "right" as const }, own] : [own];
    }),
  ];
  if (compared.length > 1) columns.splice(1 + counts.length + compared.length, 0, { title: "change", align: "right" });
  const rows = (last?.evaluation.classes ?? []).map(({ name, present, missing, threshold, metrics: found }, row) => [
    name,
    printCount(present),
    ...(hasMissing ? [printCount(missing)] : []),
    ...compared.map(({ evaluation }) => {
      const auroc = evaluation.classes[row]?.metrics.auroc;
      return auroc === undefined ? "-" : cellOf(auroc);
    }),
    ...changeOf(first?.evaluation.classes[row]?.metrics.auroc, found.auroc, compared),
    ...others.flatMap((metric) => {
      const cell = cellOf(found[metric.name]);
      return metric === firstOfCalls && isChosen ? [printThreshold(threshold), cell] : [cell];
    }),
  ]);
  return renderTable(
    compared.length > 1 && last !== undefined
      ? `Metrics of each class; ${listWords(
          others.map(({ title }) => title),
          "and",
        )} of “${last.label}”`
      : "Metrics of each class",
    columns,
    rows,
  );
}

/** The AUROC is compared between evaluations; the other numbers are of the last. */
const others = metrics.filter(({ name }) => name !== "auroc");
const firstOfCalls = metrics.find(({ from }) => from === "calls");

function cellOf(metric: Metric): TableCell {
  return { text: printMetric(metric), detail: printInterval(metric) };
}

/** `+0.076`; no cell where there is one evaluation alone, an empty one where a number is missing. */
function changeOf(
  first: Metric | undefined,
  last: Metric | undefined,
  evaluations: readonly LabelledEvaluation[],
): readonly string[] {
  if (evaluations.length < 2) return [];
  if (typeof first?.value !== "number" || typeof last?.value !== "number") return [""];
  const change = last.value - first.value;
  return [`${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(3)}`];
}

/** The classes without an AUROC, each with the reason, once for all evaluations that agree. */
function undefinedList(evaluations: readonly LabelledEvaluation[]): string {
  const reasons = evaluations.flatMap(({ label, evaluation }) =>
    undefinedClasses(evaluation).map(({ name, why }) => ({ label, text: `${name}: ${why}` })),
  );
  const texts = [...new Set(reasons.map(({ text }) => text))];
  if (texts.length === 0) return "";
  const items = texts.map((text) => {
    const labels = reasons.filter((reason) => reason.text === text).map(({ label }) => label);
    const where = labels.length === evaluations.length ? "" : ` (${labels.join(", ")})`;
    return `<li>${escapeMarkup(`${text}${where}`)}</li>`;
  });
  return `<h3>Without an AUROC</h3><ul>${items.join("")}</ul>`;
}

/** The classes that no threshold could be chosen for, and those whose scores tell nothing apart. */
function callsList(evaluation: Evaluation): string {
  const without = classesWithoutThreshold(evaluation).map(({ name, why }) => `${name}: ${why}`);
  const equal = equalScores(evaluation).map((name) => `${name}: all scores are the same, which says nothing`);
  const items = [...without, ...equal].map((text) => `<li>${escapeMarkup(text)}</li>`);
  return items.length === 0 ? "" : `<h3>Read with care</h3><ul>${items.join("")}</ul>`;
}

/** The classes whose interval is of fewer resamples than the others'. */
function thinList(evaluation: Evaluation): string {
  const items = thinIntervals(evaluation).map(
    ({ name, leftOut }) => `<li>${escapeMarkup(name)}: ${printCount(leftOut)} resamples without one</li>`,
  );
  return items.length === 0 ? "" : `<h3>AUROC intervals from fewer resamples</h3><ul>${items.join("")}</ul>`;
}
