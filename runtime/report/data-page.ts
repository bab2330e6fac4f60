import { type Problem, printCount } from "../text/index.ts";
import { classesSection } from "./data-classes.ts";
import { examplesSection, pictureStyle } from "./data-examples.ts";
import type { DataReport } from "./data-types.ts";
import { geometrySection, unitsSection } from "./data-volumes.ts";
import { histogramFigure } from "./histogram.ts";
import type { Section } from "./markup.ts";
import { renderPage } from "./page-shell.ts";
import { escapeMarkup } from "./picture/index.ts";
import { placeIn } from "./place-in.ts";
import { andMore, problemTable } from "./problem-table.ts";
import { renderTiles } from "./tiles.ts";

const mostNotes = 100;

/**
 * What was found of a data set as one HTML page that needs nothing else. The same report gives the same page; whatever is named in it is text
 * and never markup.
 */
export async function renderDataPage(report: DataReport): Promise<string> {
  const { folder, specPath, set, volumes } = report;
  const against = specPath === null ? "CT-CLIP’s preprocessing" : escapeMarkup([specPath, ...set].join(", "));
  const sections = [
    problemsSection(report),
    notesSection(report),
    await classesSection(report.labels),
    examplesSection(report.examples),
    ...(await volumeSections(volumes, folder)),
    await textsSection(report),
  ].filter((section) => section !== null);
  return renderPage({
    title: `Data check: ${nameOf(folder)}`,
    about: `<p class="run">${escapeMarkup(folder)} · checked against ${against}</p>\n`,
    lead: summary(report),
    sections,
    style,
    hasPictures: report.examples !== null,
  });
}

/** What is shown of volumes, input by input. */
async function volumeSections(volumes: DataReport["volumes"], folder: string): Promise<readonly (Section | null)[]> {
  const sections: (Section | null)[] = [];
  for (const [place, each] of volumes.entries()) {
    const suffix = volumes.length === 1 ? "" : `-${place + 1}`;
    sections.push(await unitsSection(each, folder, suffix), await geometrySection(each, folder, suffix));
  }
  return sections;
}

/** The last part of a path. */
function nameOf(folder: string): string {
  return /[^/\\]+(?=[/\\]*$)/.exec(folder)?.[0] ?? folder;
}

function summary({ counts, problems }: DataReport): string {
  if (counts === null) return "";
  const { volumes, train, valid, neither, good } = counts;
  return renderTiles([
    {
      name: "examples",
      value: printCount(volumes),
      detail: neither === 0 ? "" : `${printCount(neither)} in neither split`,
    },
    { name: "to train on", value: printCount(train), detail: "" },
    { name: "held out", value: printCount(valid), detail: "" },
    { name: "without a problem", value: printCount(good), detail: "" },
    { name: "problems", value: printCount(problems.length), detail: "" },
  ]);
}

function problemsSection({ problems, folder }: DataReport): Section | null {
  if (problems.length === 0) return null;
  const below = (problem: Problem): Problem => ({ ...problem, subject: placeIn(folder, problem.subject) });
  const caption = `${printCount(problems.length)} ${problems.length === 1 ? "problem" : "problems"}`;
  return {
    id: "problems",
    title: "Problems",
    body: `<div class="problems">${problemTable(caption, problems.map(below))}</div>`,
  };
}

function notesSection({ notes }: DataReport): Section | null {
  if (notes.length === 0) return null;
  const items = notes.slice(0, mostNotes).map((note) => `<li>${escapeMarkup(note)}</li>`);
  return {
    id: "notes",
    title: "Notes",
    body: `<div class="scroll notes" role="region" tabindex="0" aria-label="Notes"><ul>${items.join("\n")}</ul></div>${andMore(notes.length - items.length)}`,
  };
}

async function textsSection({ texts, specPath }: DataReport): Promise<Section | null> {
  if (texts === null || texts.lengths.texts === 0) return null;
  const { lengths, limit } = texts;
  const { texts: count, cut, alike, tokens } = lengths;
  const share = cut === 0 ? "None is cut." : `${printCount(cut)} of ${printCount(count)} are longer and are cut to it.`;
  const same = alike === 0 ? "" : ` ${printCount(alike)} differ only after it.`;
  const whose = specPath === null ? "CT-CLIP" : "The model";
  const about = `<p class="about">${whose} takes ${printCount(limit)} tokens of a text. ${share}${same}</p>`;
  const figure = await histogramFigure({
    id: "text-lengths",
    title: "Lengths of texts to train on",
    axis: "tokens",
    unit: "tokens",
    counted: count === 1 ? "text" : "texts",
    values: tokens,
    isWhole: true,
    marks: { values: [limit], title: `limit of ${printCount(limit)} tokens` },
    widths: { wide: 1040, narrow: 330 },
  });
  return { id: "texts", title: "Texts", body: about + figure };
}

const style = `${pictureStyle}\
.problems th,.problems td{overflow-wrap:anywhere}
.problems td{min-width:11em}
.ground th:first-child,.ground td:first-child{overflow-wrap:anywhere;min-width:14em}
.ground th,.ground td{padding-left:8px;padding-right:8px}
.problems .scroll,.notes{max-height:560px;overflow-y:auto}
.notes ul{margin:12px 14px 12px 0;padding-left:32px}
.notes li{overflow-wrap:anywhere;margin-bottom:4px}
.trio{display:grid;grid-template-columns:repeat(3,1fr);gap:16px;margin-bottom:16px}
.trio .card{margin:0;min-width:0}
.only{font-size:20px;font-weight:600;margin:24px 0 0}
.key.mark::before{border-top:2px dashed var(--ink)}
.key.second::before{border-top-color:var(--placement-1)}
.operations code{overflow-wrap:anywhere}
@media (max-width:820px){.trio{grid-template-columns:1fr}}
@media print{.trio{grid-template-columns:repeat(3,1fr)}.problems .scroll,.notes{max-height:none;overflow:visible}}
`;
