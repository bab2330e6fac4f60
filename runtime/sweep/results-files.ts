import type { Metric } from "../evaluate/index.ts";
import type { RunResult } from "./results.ts";

/** A row of results: values by the names of columns, in their order; null where there is none. */
export type ResultRow = ReadonlyMap<string, string | number | null>;

/** The settings that some entry changes, in the order in which they come up. */
export function settingsOf(runs: readonly RunResult[]): readonly string[] {
  return [...new Set(runs.flatMap(({ entry }) => [...entry.settings.keys()]))];
}

/** The classes that some run was evaluated for. */
export function classesOf(runs: readonly RunResult[]): readonly string[] {
  return [...new Set(runs.flatMap(({ evaluation }) => evaluation?.classes.map(({ name }) => name) ?? []))];
}

/** One row a run, with nothing in it that differs from one sweep to the next of the same. */
export function resultRows(runs: readonly RunResult[]): readonly ResultRow[] {
  const settings = settingsOf(runs);
  const classes = classesOf(runs);
  return runs.map(({ entry, plan, seed, status, steps, evaluation, best, validationLoss }) => {
    const overall = evaluation?.overall;
    const auroc = overall?.meanAuroc ?? null;
    const perClass = new Map(evaluation?.classes.map(({ name, metrics }) => [name, metrics.auroc]));
    return new Map<string, string | number | null>([
      ["name", entry.name],
      ["seed", seed],
      ["placement", entry.placement?.name ?? null],
      ...settings.map((setting) => [setting, entry.settings.get(setting) ?? null] as const),
      ["trainable", plan.totals.trainable],
      ["share", plan.totals.trainable / plan.totals.total],
      ["status", status],
      ["steps", steps],
      ["keep_best", best?.name ?? null],
      ["best", best?.value ?? null],
      ["best_step", best?.step ?? null],
      ["validation_loss", validationLoss],
      ["mean_auroc", numberOf(auroc)],
      ["mean_auroc_low", intervalOf(auroc)?.low ?? null],
      ["mean_auroc_high", intervalOf(auroc)?.high ?? null],
      ["accuracy", numberOf(overall?.accuracy ?? null)],
      ["macro_f1", numberOf(overall?.macroF1 ?? null)],
      ["micro_f1", numberOf(overall?.microF1 ?? null)],
      ...classes.map((name) => [`auroc: ${name}`, numberOf(perClass.get(name) ?? null)] as const),
    ]);
  });
}

function numberOf(metric: Metric | null): number | null {
  return metric?.value ?? null;
}

function intervalOf(metric: Metric | null) {
  return metric === null || metric.value === null ? null : metric.interval;
}

/** Rows as CSV. Numbers have as many digits as it takes to read the same number again. */
export function rowsToCsv(rows: readonly ResultRow[]): string {
  const columns = [...(rows[0]?.keys() ?? [])];
  // What a run does not have is an empty cell.
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row.get(column) ?? "")))];
  return lines.map((cells) => `${cells.map(quoteCell).join(",")}\n`).join("");
}

/** A text that a table program would take for a formula gets a blank in front. */
function quoteCell(cell: string): string {
  const safe = /^[=+@]|^-\D/.test(cell) ? ` ${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as a JSON list of objects, one on each line. */
export function rowsToJson(rows: readonly ResultRow[]): string {
  // Written out, because an object would put keys that are numbers first.
  const lines = rows.map((row) => {
    const fields = [...row].map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    return `  {${fields.join(", ")}}`;
  });
  return `[\n${lines.join(",\n")}\n]\n`;
}

/** How long each run's steps took, apart from the results, since it is never the same twice. */
export function timesToCsv(runs: readonly RunResult[]): string {
  return rowsToCsv(
    runs.map(
      ({ entry, seed, seconds }) =>
        new Map<string, string | number | null>([
          ["name", entry.name],
          ["seed", seed],
          ["seconds", seconds === null ? null : Number(seconds.toFixed(3))],
        ]),
    ),
  );
}
