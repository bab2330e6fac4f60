import { printMetric } from "../evaluate/index.ts";
import { printCount, printShare } from "../text/index.ts";
import { hardestSection, hardestStyle, hasPictures } from "./compare/hardest.ts";
import { quantityOf, smooth, smoothingSpan, validationOf } from "./curves.ts";
import { pictureStyle } from "./data-examples.ts";
import { evaluationSections } from "./evaluation.ts";
import { latentMapSection, latentMapStyle } from "./latent-map.ts";
import { renderTable, type Section } from "./markup.ts";
import { modelSection } from "./model.ts";
import { renderPage } from "./page-shell.ts";
import { escapeMarkup } from "./picture/index.ts";
import { problemTable } from "./problem-table.ts";
import { specSection } from "./spec.ts";
import { taskSections } from "./tasks.ts";
import { renderTiles, type Tile } from "./tiles.ts";
import { trainingSection } from "./training.ts";
import type { RunReport } from "./types.ts";

/**
 * A report as one HTML page that needs nothing else: no script, its pictures inside. A policy in it lets it load nothing
 * but its own style. The same report gives the same page; whatever is named in it is text and never markup.
 */
export async function renderReport(report: RunReport): Promise<string> {
  const { title, plan, specText, specPath, curve, validation, evaluations, tasks, hardest, latents } = report;
  const sections = [
    await trainingSection(curve, validation),
    ...(await evaluationSections(evaluations, tasks.length === 0 ? null : (evaluations.at(-1)?.label ?? null))),
    ...(await taskSections(tasks)),
    hardest === null ? null : hardestSection(hardest),
    latents === null ? null : latentMapSection(latents),
    plan === null ? null : await modelSection(plan),
    skippedSection(report),
    environmentSection(report),
    specText === null ? null : specSection(specPath, specText),
  ].filter((section) => section !== null);
  const styles = [
    ...(hardest === null ? [] : [pictureStyle, hardestStyle]),
    ...(latents === null ? [] : [latentMapStyle(latents.classes.length)]),
  ];
  return renderPage({
    title,
    about: aboutRun(report),
    lead: warningsOf(report) + summary(report),
    sections,
    style: styles.join(""),
    hasPictures: hardest !== null && hasPictures(hardest.cases),
  });
}

function warningsOf({ warnings }: RunReport): string {
  return warnings.map((warning) => `<p class="warning">${escapeMarkup(warning)}</p>\n`).join("");
}

/** What was run, and when, as the report says it: no clock is read. */
function aboutRun({ command, startedAt, elapsedMs, specPath }: RunReport): string {
  const facts = [
    specPath === "" ? "" : escapeMarkup(specPath),
    startedAt === null ? "" : `started ${escapeMarkup(printTime(startedAt))}`,
    elapsedMs === null ? "" : `took ${printDuration(elapsedMs)}`,
  ].filter((fact) => fact !== "");
  const line = facts.length === 0 ? "" : `<p class="run">${facts.join(" · ")}</p>\n`;
  return `${line}${command === null ? "" : `<p class="run"><code>${escapeMarkup(command)}</code></p>\n`}`;
}

/** `2026-03-01 09:30 UTC`; what is no time stays as it is. */
function printTime(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `2 h 5 min`, `3 min 20 s`, `1.2 s` */
function printDuration(elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function summary(report: RunReport): string {
  return renderTiles([...planTiles(report), ...trainingTiles(report), ...evaluationTiles(report)]);
}

function planTiles({ plan }: RunReport): readonly Tile[] {
  if (plan === null) return [];
  const { base, total, trainable } = plan.totals;
  const adapters = plan.placements.reduce((sum, placement) => sum + placement.adapters.length, 0);
  return [
    { name: "parameters", value: printCount(total), detail: `${printCount(base)} without adapters` },
    { name: "trainable", value: printCount(trainable), detail: `${printCount(adapters)} adapters` },
    { name: "share", value: printShare(trainable, total), detail: "of all parameters" },
  ];
}

function trainingTiles({ curve, validation }: RunReport): readonly Tile[] {
  const losses = quantityOf(curve, "loss");
  const first = losses.at(0);
  const last = smooth(losses, smoothingSpan(losses.length)).at(-1);
  if (first === undefined || last === undefined) return [];
  const detail = `from ${first.value.toPrecision(4)}, in ${printCount(curve.length)} steps`;
  return [{ name: "loss", value: last.value.toPrecision(4), detail }, ...validationTiles(validation)];
}

function validationTiles(validation: RunReport["validation"]): readonly Tile[] {
  const losses = validationOf(validation, "loss");
  const [first, last] = [losses.at(0), losses.at(-1)];
  if (first === undefined || last === undefined) return [];
  const detail = first === last ? `at step ${last.step}` : `from ${first.value.toPrecision(4)}, at step ${first.step}`;
  return [{ name: "validation loss", value: last.value.toPrecision(4), detail }];
}

function evaluationTiles({ evaluations }: RunReport): readonly Tile[] {
  const first = evaluations.at(0);
  const last = evaluations.at(-1);
  if (first === undefined || last === undefined) return [];
  const numbers = [
    ["mean AUROC", "meanAuroc"],
    ["macro F1", "macroF1"],
  ] as const;
  return numbers.map(([name, metric]) => ({
    name,
    value: printMetric(last.evaluation.overall[metric]),
    detail: first === last ? last.label : `from ${printMetric(first.evaluation.overall[metric])} (${first.label})`,
  }));
}

function environmentSection({ environment }: RunReport): Section | null {
  if (environment.length === 0) return null;
  const columns = [
    { title: "item", align: "left" },
    { title: "value", align: "left" },
  ] as const;
  return { id: "environment", title: "Environment", body: renderTable("Run environment", columns, environment) };
}

function skippedSection({ skipped }: RunReport): Section | null {
  if (skipped.length === 0) return null;
  const body = problemTable(`${printCount(skipped.length)} skipped`, skipped);
  return { id: "skipped", title: "Skipped data", body };
}
