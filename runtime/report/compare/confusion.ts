import { at } from "../../at.ts";
import { type ClassEvaluation, callMark, printThreshold, thresholdNotes } from "../../evaluate/index.ts";
import { printCount } from "../../text/index.ts";
import { inBothWidths, renderTable, type Section, type TableColumn } from "../markup.ts";
import { themePalette } from "../picture/index.ts";
import { renderDetails } from "./details.ts";
import { renderNotes } from "./notes.ts";
import { lookOf, runLegend } from "./run-colours.ts";
import { drawStackedChart, stackedLegend } from "./stacked-bars.ts";
import type { ComparisonReport } from "./types.ts";

const { line, outline, placements, first } = themePalette;
/** Of true positives, false negatives, false positives and true negatives. */
const colours = [placements[2] ?? first, placements[1] ?? first, placements[4] ?? first, outline];
const titles = ["true positives", "false negatives", "false positives", "true negatives"] as const;

/** Which calls of each class are right and wrong; null where no class has a threshold. */
export async function confusionSection({ runs }: ComparisonReport): Promise<Section | null> {
  const classes = runs[0]?.evaluation.classes ?? [];
  if (classes.length === 0) return null;
  const rows = classes.map(({ name }, place) => ({
    name,
    bars: runs.flatMap(({ evaluation }, run) => {
      const counts = confusionOf(at(evaluation.classes, place));
      return counts === null ? [] : [{ counts, text: counts.map(printCount).join(" · "), mark: lookOf(run).colour }];
    }),
  }));
  if (rows.every(({ bars }) => bars.length === 0)) return null;
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawStackedChart({
      id: `confusion-${variant}`,
      title: "Calls of each class",
      description: `Of the labels of each class: ${titles.join(", ")}. The table has the counts.`,
      ...{ rows, colours, width, variant, textWidth: 138 },
    }),
  );
  const keys = titles.map((title, place) => [`call-${place}`, title] as const);
  const figure = `<figure class="card"><figcaption>Calls${stackedLegend(keys)}${runLegend(runs)}</figcaption>${picture}</figure>`;
  return {
    id: "confusion",
    title: "Right and wrong calls",
    body: `${renderNotes(thresholdNotes(runs))}${figure}${renderDetails("Counts of these calls", confusionTable(runs))}`,
  };
}

/** True positives, false negatives, false positives and true negatives; null where the class has no threshold. */
function confusionOf({ threshold, present, absent, truePositives, falsePositives }: ClassEvaluation) {
  if (threshold === null) return null;
  return [truePositives, present - truePositives, falsePositives, absent - falsePositives] as const;
}

function confusionTable(runs: ComparisonReport["runs"]): string {
  const mark = callMark(runs);
  const columns: readonly TableColumn[] = [
    { title: "class", align: "left" },
    ...(runs.length > 1 ? [{ title: "run", align: "left" } as const] : []),
    ...["threshold", "TP", "FN", "FP", "TN"].map((title) => ({ title: `${title}${mark}`, align: "right" as const })),
  ];
  const rows = (runs[0]?.evaluation.classes ?? []).flatMap(({ name }, place) =>
    runs.map(({ label, evaluation }) => {
      const own = at(evaluation.classes, place);
      const counts = confusionOf(own)?.map(printCount) ?? ["-", "-", "-", "-"];
      return [name, ...(runs.length > 1 ? [label] : []), printThreshold(own.threshold), ...counts];
    }),
  );
  return renderTable("Calls of each class", columns, rows);
}

export const confusionStyle = `${colours.map((colour, place) => `.key.call-${place}::before{border-top:9px solid ${colour}}`).join("\n")}\n.key.unlabelled::before{border-top:9px solid ${line}}\n`;
