import { type Metric, printInterval, printMetric } from "../evaluate/index.ts";
import {
  escapeMarkup,
  inBothWidths,
  renderDiagram,
  renderPage,
  renderTable,
  type TableCell,
  type TableColumn,
  themePalette,
} from "../report/index.ts";
import { printCount, printShare } from "../text/index.ts";
import { costChart, curveCharts } from "./charts.ts";
import { heatStyle, heatTable } from "./heat-table.ts";
import type { RunResult } from "./results.ts";
import { settingsOf } from "./results-files.ts";
import { type Series, seriesOf } from "./series.ts";

const style = `
.series{display:flex;flex-wrap:wrap;gap:2px 20px;list-style:none;margin:8px 0 0;padding:0;font-size:13px}
.series li{display:flex;align-items:center;gap:6px;overflow-wrap:anywhere}
.series svg{flex:none}
.heat thead .class{white-space:normal;text-align:right;vertical-align:bottom;min-width:64px}
details{margin:0 0 12px}
summary{cursor:pointer;padding:6px 0;overflow-wrap:anywhere}
details pre{margin:0 0 12px;white-space:pre-wrap;overflow-wrap:anywhere}
${heatStyle}`;

/** A run that is not done, and the last lines that it wrote. */
export interface UndoneRun {
  readonly run: RunResult;
  readonly logEnd: string;
}

/**
 * A sweep as one HTML page that needs nothing else, like the report of a training: what each entry costs and gives, each
 * class, how the trainings went, and where adapters sit. The same results give the same page.
 */
export async function renderSweep(
  title: string,
  runs: readonly RunResult[],
  undone: readonly UndoneRun[],
): Promise<string> {
  const series = seriesOf(runs);
  const hasSeeds = series.some(({ runs: own }) => own.length > 1);
  const sections = [
    {
      id: "results",
      title: "Results",
      body: `${await costChart(series)}${hasSeeds ? seedTable(series) : ""}${resultTable(series, hasSeeds)}`,
    },
    { id: "classes", title: "Each class", body: heatTable(series, hasSeeds) },
    { id: "curves", title: "Learning curves", body: await curveCharts(series) },
    { id: "undone", title: "Not done", body: undoneList(undone) },
    { id: "placements", title: "Adapter placements", body: await diagrams(series) },
  ].filter(({ body }) => body !== "");
  const about = `<p class="run">${escapeMarkup(aboutRuns(series, runs))}</p>\n`;
  return renderPage({ title, about, lead: "", sections, style });
}

function aboutRuns(series: readonly Series[], runs: readonly RunResult[]): string {
  const done = runs.filter(({ status }) => status === "done").length;
  const [first] = runs;
  const model = first === undefined ? "" : `${first.plan.model}, `;
  return `${model}${series.length} ${series.length === 1 ? "entry" : "entries"}, ${done} of ${runs.length} runs done`;
}

const left = (title: string): TableColumn => ({ title, align: "left" });
const right = (title: string): TableColumn => ({ title, align: "right" });

/** A row for each run, the best first by the number that tells their best checkpoints. */
function resultTable(series: readonly Series[], hasSeeds: boolean): string {
  const runs = series.flatMap(({ number, runs: own }) => own.map((run) => ({ number, run })));
  const settings = settingsOf(runs.map(({ run }) => run));
  const { title, of } = orderOf(runs.map(({ run }) => run));
  const sorted = runs.toSorted((a, b) => {
    const [first, second] = [of(a.run), of(b.run)];
    return first === second ? a.number - b.number : second - first;
  });
  const haveLoss = runs.some(({ run }) => run.validationLoss !== null);
  const haveBest = runs.some(({ run }) => run.best !== null);
  const areDone = runs.every(({ run }) => run.status === "done");
  const columns = [
    left("entry"),
    ...(hasSeeds ? [right("seed")] : []),
    ...settings.map(left),
    right("trainable"),
    right("share"),
    right("mean AUROC"),
    right("accuracy"),
    right("macro F1"),
    right("micro F1"),
    ...(haveLoss ? [right("validation loss")] : []),
    ...(haveBest ? [right("best"), left("by")] : []),
    right("steps"),
    right("time of steps"),
    ...(areDone ? [] : [left("status")]),
  ];
  const rows = sorted.map(({ number, run }) => {
    const { entry, plan, seed, status, steps, seconds, evaluation, best, validationLoss } = run;
    const overall = evaluation?.overall;
    const { trainable, total } = plan.totals;
    return [
      `${number} ${entry.name}`,
      ...(hasSeeds ? [String(seed)] : []),
      // Empty where an entry leaves a setting as the spec has it.
      ...settings.map((setting) => entry.settings.get(setting) ?? ""),
      printCount(trainable),
      printShare(trainable, total),
      cellOf(overall?.meanAuroc),
      cellOf(overall?.accuracy),
      cellOf(overall?.macroF1),
      cellOf(overall?.microF1),
      ...(haveLoss ? [validationLoss?.toPrecision(4) ?? ""] : []),
      ...(haveBest ? [best?.value.toPrecision(4) ?? "", best === null ? "" : `${best.name}, step ${best.step}`] : []),
      printCount(steps),
      seconds === null ? "" : `${seconds.toFixed(0)} s`,
      ...(areDone ? [] : [status]),
    ];
  });
  return renderTable(title, columns, rows);
}

/**
 * How runs are ordered, the higher the better: by the number that tells their best checkpoints, at its best, where all that have one go by
 * the same; else by the mean AUROC after the last step. What has no number comes last.
 */
function orderOf(runs: readonly RunResult[]): { readonly title: string; readonly of: (run: RunResult) => number } {
  const known = runs.flatMap(({ best }) => best ?? []);
  const [first] = known;
  const isSame = known.every(({ name, direction }) => name === first?.name && direction === first.direction);
  if (first !== undefined && isSame) {
    const sign = first.direction === "minimize" ? -1 : 1;
    const of = ({ best }: RunResult): number => (best === null ? Number.NEGATIVE_INFINITY : sign * best.value);
    return { title: `Results, best ${first.name} first`, of };
  }
  const of = ({ evaluation }: RunResult): number => evaluation?.overall.meanAuroc.value ?? Number.NEGATIVE_INFINITY;
  return { title: "Results, best mean AUROC first", of };
}

function cellOf(metric: Metric | undefined): string | TableCell {
  return metric === undefined ? "" : { text: printMetric(metric), detail: printInterval(metric) };
}

/** Of each entry the mean over its seeds, with the lowest and the highest. */
function seedTable(series: readonly Series[]): string {
  const rows = series.map(({ number, name, runs }) => {
    const values = runs.flatMap(({ evaluation }) => evaluation?.overall.meanAuroc.value ?? []);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [lowest, highest] = [Math.min(...values), Math.max(...values)];
    return [
      `${number} ${name}`,
      `${values.length} of ${runs.length}`,
      ...(values.length === 0 ? ["", "", ""] : [mean, lowest, highest].map((value) => value.toFixed(3))),
    ];
  });
  const columns = [left("entry"), right("seeds done"), right("mean AUROC"), right("lowest"), right("highest")];
  return renderTable("Mean AUROC over seeds", columns, rows);
}

function undoneList(undone: readonly UndoneRun[]): string {
  return undone
    .map(({ run: { entry, seed, status }, logEnd }) => {
      const about = escapeMarkup(`${entry.name}, seed ${seed}: ${status}`);
      const log = `<details><summary>${about}</summary><pre>${escapeMarkup(logEnd)}</pre></details>`;
      return logEnd === "" ? `<p>${about}</p>` : log;
    })
    .join("\n");
}

/** The model with the adapters of each placement, once for all entries that share it. */
async function diagrams(series: readonly Series[]): Promise<string> {
  const byPlacement = new Map<string | null, { readonly title: string; readonly series: Series[] }>();
  for (const each of series) {
    const placement = each.runs[0]?.entry.placement ?? null;
    const key = placement?.lines ?? null;
    const title = placement?.name ?? "placements of the spec";
    const group = byPlacement.get(key) ?? { title, series: [] };
    group.series.push(each);
    byPlacement.set(key, group);
  }
  const drawn: string[] = [];
  for (const [index, { title, series: own }] of [...byPlacement.values()].entries()) {
    const plan = own[0]?.runs[0]?.plan;
    if (plan === undefined) continue;
    const picture = await inBothWidths({ wide: 1072, narrow: 350 }, (width, variant) =>
      renderDiagram(plan, { width, palette: themePalette, id: `placement-${index}-${variant}`, font: "inherit" }),
    );
    const of = own.map(({ number }) => number).join(", ");
    const about = `${title} (${of}): ${printCount(plan.totals.trainable)} trainable, ${printShare(plan.totals.trainable, plan.totals.total)}`;
    drawn.push(
      `<details${index === 0 ? ' open=""' : ""}><summary>${escapeMarkup(about)}</summary><figure class="diagram">${picture}</figure></details>`,
    );
  }
  return drawn.join("\n");
}
