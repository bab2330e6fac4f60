import { printCount } from "../../text/index.ts";
import { escapeMarkup } from "../escape.ts";
import { renderPage } from "../page-shell.ts";
import { overallSections } from "./overall.ts";
import { legendStyle } from "./run-colours.ts";
import type { ComparisonReport } from "./types.ts";

/**
 * Runs on the same volumes, held against the first, as one HTML page that needs nothing else. The same report gives the same page;
 * whatever is named in it is text and never markup.
 */
export async function renderComparison(report: ComparisonReport): Promise<string> {
  const { title, runs, names, warnings, cases } = report;
  const sections = [...(await overallSections(report))];
  const labels = runs.map(({ label }) => escapeMarkup(label)).join(" · ");
  return renderPage({
    title,
    about: `<p class="run">${labels}</p>\n<p class="run">${printCount(names.length)} volumes</p>\n`,
    lead: warnings.map((warning) => `<p class="warning">${escapeMarkup(warning)}</p>\n`).join(""),
    sections,
    style: legendStyle,
    hasPictures: [...cases.values()].some(({ pictures }) => pictures.length > 0),
  });
}
