import { at } from "../../at.ts";
import { areChances, type HardVolume, hardestVolumes } from "../../evaluate/index.ts";
import { drawPictures } from "../data-examples.ts";
import { renderTable, type Section, type TableColumn } from "../markup.ts";
import { escapeMarkup } from "../picture/index.ts";
import { renderDetails } from "./details.ts";
import type { HardestReport } from "./types.ts";

/** How many volumes are shown, and how many classes of each. */
const most = { volumes: 12, classes: 4 };

/** The volumes that the last run gets most wrong; none where its scores are no chances. */
export function hardestCases({ runs, labels }: Pick<HardestReport, "runs" | "labels">): readonly HardVolume[] {
  const last = runs.at(-1);
  if (last === undefined || !areChances(last.scores, labels)) return [];
  return hardestVolumes(last.scores, labels, most);
}

/** These volumes with their scores by all runs, and what there is to see of them. */
export function hardestSection(report: HardestReport): Section | null {
  const hardest = hardestCases(report);
  const last = report.runs.at(-1);
  if (hardest.length === 0 || last === undefined) return null;
  const by = report.runs.length === 1 ? "" : ` by ${last.label}`;
  const about = [
    `The volumes with the largest loss of any class${by}: the cross-entropy of its score and the label.`,
    "Of each, the classes that are furthest off.",
  ].join(" ");
  const shown = hardest.filter(({ volume }) => report.cases.has(at(report.names, volume)));
  const figures = shown.map((hard, place) => caseFigure(hard, place, report));
  const body = `<p class="about">${escapeMarkup(about)}</p>${caseTable(hardest, report)}${figures.join("\n")}`;
  return { id: "hardest", title: "Hardest cases", body };
}

function caseTable(hardest: readonly HardVolume[], { names, runs }: HardestReport): string {
  const classes = runs[0]?.evaluation.classes ?? [];
  const columns: readonly TableColumn[] = [
    { title: "volume", align: "left" },
    { title: "class", align: "left" },
    { title: "label", align: "left" },
    ...runs.map(({ label }) => ({ title: runs.length === 1 ? "score" : `score, ${label}`, align: "right" as const })),
    { title: "loss", align: "right" },
  ];
  const rows = hardest.flatMap(({ volume, classes: own }) =>
    own.map(({ place, label, loss }) => [
      at(names, volume),
      at(classes, place).name,
      label ? "present" : "absent",
      ...runs.map(({ scores }) => at(at(scores, volume), place).toFixed(3)),
      loss.toFixed(2),
    ]),
  );
  return renderTable("The hardest volumes", columns, rows);
}

function caseFigure(
  { volume, classes: own }: HardVolume,
  place: number,
  { names, runs, cases }: HardestReport,
): string {
  const name = at(names, volume);
  const { pictures, text } = cases.get(name) ?? { pictures: [], text: null };
  const classes = runs[0]?.evaluation.classes ?? [];
  const wrong = own
    .map(({ place: of, label }) => `${at(classes, of).name}: ${label ? "present" : "absent"}`)
    .join(" · ");
  const report = text === null ? "" : renderDetails("Report", `<p class="report">${escapeMarkup(text)}</p>`);
  const drawn = drawPictures(pictures, `case-${place}`, name);
  return `<figure class="card example"><figcaption>${escapeMarkup(name)}<span class="detail">${escapeMarkup(wrong)}</span></figcaption>${drawn}${report}</figure>`;
}

/** The rules of this section, besides those of pictures. */
export const hardestStyle = `\
details{margin:0 0 16px}
summary{cursor:pointer;color:var(--last);padding:4px 0}
summary:focus-visible{outline:2px solid var(--last);outline-offset:2px}
.report{white-space:pre-line;overflow-wrap:anywhere;margin:8px 0 0}
`;

/** Whether there is a picture among what is shown. */
export function hasPictures(cases: HardestReport["cases"]): boolean {
  return [...cases.values()].some(({ pictures }) => pictures.length > 0);
}
