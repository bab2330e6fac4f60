import type { LabelCounts, SplitLabels } from "../data/index.ts";
import { printCount } from "../text/index.ts";
import { inBothWidths, renderTable, type Section, type TableColumn, type Variant } from "./markup.ts";
import { cut, drawText, escapeMarkup, tenths, themePalette } from "./picture/index.ts";
import { andMore } from "./problem-table.ts";

const mostShown = 100;
const { ink, muted, line, last, placements } = themePalette;

const splitNames = { train: "to train on", valid: "held out" } as const;
const colours = { train: last, valid: placements[1] ?? last } as const;

/** How often each class occurs in each split. */
export async function classesSection(labels: LabelCounts | null): Promise<Section | null> {
  if (labels === null) return null;
  const left = labels.classes.length - mostShown;
  const shown = { ...labels, classes: labels.classes.slice(0, mostShown) };
  return { id: "classes", title: "Classes", body: `${await barsFigure(shown)}${classTable(shown)}${andMore(left)}` };
}

function classTable({ classes, splits }: LabelCounts): string {
  const columns: readonly TableColumn[] = [
    { title: "class", align: "left" },
    ...splits.flatMap(({ split }) =>
      ["positive", "negative", "missing"].map((title, place) => ({
        title: place === 0 ? `${split}: ${title}` : title,
        align: "right" as const,
      })),
    ),
  ];
  const rows = classes.map((name, place) => [
    name,
    ...splits.flatMap(({ counts }) => {
      const { positive = 0, negative = 0, missing = 0 } = counts[place] ?? {};
      return [positive, negative, missing].map(printCount);
    }),
  ]);
  const examples = splits.map(({ split, examples: count }) => `${printCount(count)} ${splitNames[split]}`);
  return renderTable(`Labels of ${examples.join(" and ")}`, columns, rows);
}

async function barsFigure(labels: LabelCounts): Promise<string> {
  const { splits } = labels;
  const keys = splits.map(
    ({ split }) => `<span class="key${split === "valid" ? " second" : ""}">${splitNames[split]}</span>`,
  );
  const picture = await inBothWidths({ wide: 1040, narrow: 330 }, (width, variant) => drawBars(labels, width, variant));
  const legend = `<span class="legend">${keys.join("")}</span>`;
  return `<figure class="card"><figcaption>Positive, in % of the labels that are known${legend}</figcaption>${picture}</figure>`;
}

const textSize = 12;
const barHeight = 8;
const barStep = 13;
/** Of what stands behind a bar, such as `12.3 % (12,345)`. */
const numberWidth = 110;

/** A bar for each class and split, as long as the share of examples that have it. */
function drawBars({ classes, splits }: LabelCounts, width: number, variant: Variant): string {
  const isNarrow = variant === "narrow";
  const nameWidth = isNarrow ? 0 : 270;
  const room = width - nameWidth - numberWidth;
  const ofRow = splits.length * barStep + (isNarrow ? 24 : 9);
  const shares = splits.flatMap((split) => classes.map((_, place) => shareOf(split, place) ?? 0));
  const longest = Math.max(0.01, ...shares);
  const parts = classes.flatMap((name, place) => {
    const top = place * ofRow;
    const from = top + (isNarrow ? 20 : 4);
    const middle = top + 4 + (splits.length * barStep) / 2;
    const shown = cut(name, isNarrow ? width : nameWidth - 14, textSize);
    return [
      isNarrow
        ? drawText(0, top + 14, shown, { fill: ink, size: textSize })
        : drawText(nameWidth - 10, middle + 2.5, shown, { fill: ink, size: textSize, anchor: "end" }),
      ...splits.flatMap((split, index) => {
        const y = from + index * barStep;
        const share = shareOf(split, place);
        const length = tenths(room * ((share ?? 0) / longest));
        const text =
          share === null ? "no label" : `${percent(share)} (${printCount(split.counts[place]?.positive ?? 0)})`;
        return [
          `<rect x="${nameWidth}" y="${y}" width="${length}" height="${barHeight}" fill="${colours[split.split]}"/>`,
          drawText(nameWidth + length + 6, y + 7.5, text, { fill: muted, size: 10.5 }),
        ];
      }),
    ];
  });
  const height = classes.length * ofRow + 4;
  const axis = isNarrow ? "" : `<path d="M${nameWidth - 0.5},0V${height}" stroke="${line}" fill="none"/>`;
  const id = `class-shares-${variant}`;
  return [
    `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-description">`,
    `<title id="${id}-title">Positive examples of each class</title>`,
    `<desc id="${id}-description">${escapeMarkup("The table of labels has the counts.")}</desc>`,
    `${parts.join("")}${axis}</svg>`,
  ].join("");
}

/** Of the examples whose label is known; null where none is. */
function shareOf({ counts }: SplitLabels, place: number): number | null {
  const { positive = 0, negative = 0 } = counts[place] ?? {};
  return positive + negative === 0 ? null : positive / (positive + negative);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
