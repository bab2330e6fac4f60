import { printCount } from "../../text/index.ts";
import { pictureStyle } from "../data-examples.ts";
import { renderPage } from "../page-shell.ts";
import { escapeMarkup } from "../picture/index.ts";
import { calibrationSection } from "./calibration.ts";
import { classColumns } from "./class-columns.ts";
import { classesSection } from "./classes.ts";
import { confusionSection, confusionStyle } from "./confusion.ts";
import { recallSection, rocSection } from "./curve-sections.ts";
import { distributionSection, distributionStyle } from "./distribution.ts";
import { documentsSection } from "./documents.ts";
import { hardestSection, hardestStyle, hasPictures } from "./hardest.ts";
import { overallSections } from "./overall.ts";
import { legendStyle } from "./run-colours.ts";
import type { ComparisonReport } from "./types.ts";

/**
 * Runs on the same volumes, held against the first, as one HTML page that needs nothing else. The same report gives the same page;
 * whatever is named in it is text and never markup.
 */
export async function renderComparison(report: ComparisonReport): Promise<string> {
  const { title, runs, names, warnings, cases } = report;
  const columns = classColumns(report);
  const sections = [
    ...(await overallSections(report)),
    await classesSection(report),
    rocSection(report, columns),
    recallSection(report, columns),
    await calibrationSection(report, columns),
    await confusionSection(report),
    hardestSection(report),
    await distributionSection(report),
    documentsSection(report),
  ].filter((section) => section !== null);
  const labels = runs.map(({ label }) => escapeMarkup(label)).join(" · ");
  return renderPage({
    title,
    about: `<p class="run">${labels}</p>\n<p class="run">${printCount(names.length)} ${names.length === 1 ? "volume" : "volumes"}</p>\n`,
    lead: warnings.map((warning) => `<p class="warning">${escapeMarkup(warning)}</p>\n`).join(""),
    sections,
    style: `${legendStyle}${confusionStyle}${distributionStyle}${pictureStyle}${hardestStyle}${style}`,
    hasPictures: hasPictures(cases),
  });
}

const style = `\
.middle svg{margin:0 auto}
.source pre{margin:0;padding:14px}
.key{overflow-wrap:anywhere}
`;
