import { printMetric } from "../evaluate/index.ts";
import { escapeMarkup } from "../report/index.ts";
import { classesOf } from "./results-files.ts";
import type { Series } from "./series.ts";

/** Shades from chance to 1; what is below chance has the first. */
const shades = 11;
/** How much of the colour the last shade has: letters stay readable on it in both themes. */
const mostPercent = 50;

/** The classes of style that the cells of a heat table have. */
export const heatStyle = Array.from({ length: shades }, (_, shade) => {
  const percent = Math.round((mostPercent * shade) / (shades - 1));
  return `.h${shade}{background:color-mix(in srgb,var(--last) ${percent}%,var(--card))}\n`;
}).join("");

/** The AUROC of each class for each run, as a table whose cells are the darker the better; nothing where there are no classes. */
export function heatTable(series: readonly Series[], hasSeeds: boolean): string {
  const runs = series.flatMap(({ number, name, runs: own }) => own.map((run) => ({ number, name, run })));
  const classes = classesOf(runs.map(({ run }) => run));
  if (classes.length === 0) return "";
  const head = ["entry", ...classes].map(
    (title, column) => `<th scope="col"${column === 0 ? "" : ' class="class"'}>${escapeMarkup(title)}</th>`,
  );
  const body = runs.flatMap(({ number, name, run: { evaluation, seed } }) => {
    if (evaluation === null) return [];
    const aurocs = new Map(evaluation.classes.map((each) => [each.name, each.metrics.auroc]));
    const cells = classes.map((each) => {
      const metric = aurocs.get(each);
      const value = metric?.value ?? null;
      const shade = value === null ? "" : ` h${shadeOf(value)}`;
      return `<td class="number${shade}">${metric === undefined ? "" : printMetric(metric)}</td>`;
    });
    const title = `${number} ${name}${hasSeeds ? `, seed ${seed}` : ""}`;
    return [`<tr><th scope="row">${escapeMarkup(title)}</th>${cells.join("")}</tr>`];
  });
  const label = "AUROC of each class";
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table class="heat"><caption><span>${label}</span></caption>`,
    `<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>\n`,
  ].join("");
}

function shadeOf(auroc: number): number {
  return Math.max(0, Math.min(shades - 1, Math.round(2 * (auroc - 0.5) * (shades - 1))));
}
