import { printCount } from "../../text/index.ts";
import { inBothWidths, renderTable, type Section, type TableColumn } from "../markup.ts";
import { themePalette } from "../picture/index.ts";
import { drawStackedChart, stackedLegend } from "./stacked-bars.ts";
import type { ComparisonReport } from "./types.ts";

const { last, line, outline } = themePalette;

/** How many volumes have each class, lack it, and have no label for it. */
export async function distributionSection({ runs }: ComparisonReport): Promise<Section | null> {
  const classes = runs[0]?.evaluation.classes ?? [];
  if (classes.length === 0) return null;
  const rows = classes.map(({ name, present, absent, missing }) => {
    const share = present + absent === 0 ? "no label" : `${((100 * present) / (present + absent)).toFixed(1)} %`;
    return {
      name,
      bars: [{ counts: [present, absent, missing], text: `${share} (${printCount(present)})`, mark: null }],
    };
  });
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) =>
    drawStackedChart({
      id: `distribution-${variant}`,
      title: "Labels of each class",
      description:
        "Of the volumes: those that have the class, that lack it, and without a label. The table has the counts.",
      ...{ rows, colours: [last, outline, line], width, variant, textWidth: 110 },
    }),
  );
  const keys = [
    ["labelled-present", "present"],
    ["labelled-absent", "absent"],
    ["unlabelled", "no label"],
  ] as const;
  const figure = `<figure class="card"><figcaption>Present, in % of the labels that are known${stackedLegend(keys)}</figcaption>${picture}</figure>`;
  const columns: readonly TableColumn[] = [
    { title: "class", align: "left" },
    ...["present", "absent", "no label"].map((title) => ({ title, align: "right" as const })),
  ];
  const table = renderTable(
    "Labels of each class",
    columns,
    classes.map(({ name, present, absent, missing }) => [name, ...[present, absent, missing].map(printCount)]),
  );
  return { id: "distribution", title: "Class distribution", body: `${figure}${table}` };
}

export const distributionStyle = [
  `.key.labelled-present::before{border-top:9px solid ${last}}`,
  `.key.labelled-absent::before{border-top:9px solid ${outline}}`,
  "",
].join("\n");
