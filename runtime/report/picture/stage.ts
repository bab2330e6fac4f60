import { printRounded } from "../../text/index.ts";
import { type CellStyle, cellHeight, colourOf, drawCell } from "./cell.ts";
import { cut, drawText, moved, type Piece, tenths, textWidth } from "./drawing.ts";
import { escapeMarkup } from "./escape.ts";
import { kindsOf, type LayerKind } from "./layer-kinds.ts";
import type { Cell, Column, Stage } from "./structure.ts";

const gap = 4;
const titleHeight = 20;
const groupHeight = 17;
const labelHeight = 18;
const indexHeight = 16;
const lineHeight = 12;
const numberSize = 10;

/** Where the columns of a stage are. */
interface Columns {
  readonly left: (column: number) => number;
  readonly step: number;
  /** How wide the numbers of layers are that stand before their row; null where they stand above it. */
  readonly indexWidth: number | null;
}

/** A stage: a row for each kind of layer, with the numbers of its layers, and a column for each projection. */
export function drawStage(stage: Stage, width: number, style: CellStyle): Piece {
  const { ink } = style.palette;
  const { layers, columns } = stage;
  const kinds = kindsOf(stage);
  const name = stage.name.replace(/\.?layers$/, "");
  const title = `${name === "" ? "" : `${name}: `}${layers.length} ${layers.length === 1 ? "layer" : "layers"}`;
  const places = placeColumns(kinds, columns.length, width);
  const hasGroups = columns.some(({ group }) => group !== "");
  const top = titleHeight + (hasGroups ? groupHeight : 0) + labelHeight;
  const markup = [
    drawText(0, 13, cut(title, width, 12, { weight: 600 }), { fill: ink, weight: 600 }),
    ...(hasGroups ? [moved(0, titleHeight, drawGroups(columns, places, style))] : []),
    moved(0, top - labelHeight, drawLabels(columns, places, style)),
  ];
  let y = top;
  for (const kind of kinds) {
    const row = drawRow(kind, places, width, style);
    markup.push(moved(0, y, row.markup));
    y += row.height;
  }
  return { markup: markup.join(""), height: y };
}

/** The numbers of layers stand before their row where the counts have the room that they need beside that. */
function placeColumns(kinds: readonly LayerKind[], count: number, width: number): Columns {
  const widest = Math.max(
    ...kinds.map((kind) => Math.max(textWidth(kind.indices, 11), textWidth(`${kind.count} ×`, numberSize))),
  );
  const indexWidth = Math.min(widest + 8, width / 4);
  const counts = kinds.flatMap(({ cells }) => cells.flatMap((cell) => (cell === null ? [] : countsOf(cell))));
  const needed = Math.max(0, ...counts.map((text) => textWidth(text, numberSize))) + 2;
  const isBeside = (width - indexWidth) / count >= needed;
  const before = isBeside ? indexWidth : 0;
  const step = (width - before) / count;
  return { left: (column) => before + column * step, step, indexWidth: isBeside ? indexWidth : null };
}

/** What stands under a cell: how many parameters it has, and below that those of its adapters. */
function countsOf({ parameters, adapters }: Cell, room = Number.POSITIVE_INFINITY): readonly string[] {
  const added = adapters.reduce((sum, adapter) => sum + adapter.parameters, 0);
  const shown = (count: number, sign: string): string => {
    const exact = sign + printRounded(count);
    return textWidth(exact, numberSize) <= room ? exact : sign + printRounded(count, 2);
  };
  return [shown(parameters, ""), ...(adapters.length === 0 ? [] : [shown(added, "+")])];
}

/** What the columns of `attn.q`, `attn.k` and `attn.v` have in common, with a line over them. */
function drawGroups(columns: readonly Column[], { left }: Columns, { palette }: CellStyle): string {
  const markup: string[] = [];
  for (const [column, { group }] of columns.entries()) {
    if (group === "" || group === columns[column - 1]?.group) continue;
    let end = column + 1;
    while (columns[end]?.group === group) end++;
    const [from, to] = [left(column), left(end)];
    const look = { fill: palette.muted, size: 11, anchor: "middle" } as const;
    markup.push(drawText((from + to) / 2, 11, cut(group, to - from - gap, 11), look));
    markup.push(`<path d="M${tenths(from + 4)},15.5H${tenths(to - 4)}" stroke="${palette.line}"/>`);
  }
  return markup.join("");
}

function drawLabels(columns: readonly Column[], { left, step }: Columns, { palette }: CellStyle): string {
  const labels = columns.map(({ label }, column) => {
    const look = { fill: palette.muted, size: 11, anchor: "middle" } as const;
    return drawText(left(column + 0.5), 12, cut(label, step - 1, 11), look);
  });
  return labels.join("");
}

/** The layers of one kind: their numbers and how many they are, and how many parameters each module has in one layer. */
function drawRow(kind: LayerKind, { left, step, indexWidth }: Columns, width: number, style: CellStyle): Piece {
  const { ink, muted } = style.palette;
  const { indices, count, cells } = kind;
  const top = indexWidth === null ? indexHeight : 0;
  const named = indexWidth === null ? `${count === 1 ? "layer" : `${count} layers,`} ${indices}` : indices;
  const shown = cut(named, indexWidth === null ? width : indexWidth - 6, 11);
  const full = shown === named ? "" : `<title>${escapeMarkup(indices)}</title>`;
  const markup = [`<g>${full}${drawText(0, 12, shown, { fill: ink, size: 11 })}</g>`];
  if (count > 1 && indexWidth !== null) {
    markup.push(drawText(0, cellHeight + 11, `${count} ×`, { fill: muted, size: numberSize }));
  }
  let lines = 1;
  for (const [column, cell] of cells.entries()) {
    if (cell === null) continue;
    markup.push(moved(left(column) + gap / 2, top, drawCell(cell, step - gap, style)));
    const [own = "", added] = countsOf(cell, step - 2);
    const [first] = cell.adapters;
    const look = { size: numberSize, anchor: "middle" } as const;
    const middle = left(column + 0.5);
    const y = top + cellHeight + 11;
    markup.push(drawText(middle, y, cut(own, step - 1, numberSize), { fill: muted, ...look }));
    if (added === undefined || first === undefined) continue;
    lines = 2;
    const shownAdded = cut(added, step - 1, numberSize);
    markup.push(drawText(middle, y + lineHeight, shownAdded, { fill: colourOf(first, style), ...look }));
  }
  return { markup: markup.join(""), height: top + cellHeight + lines * lineHeight + 7 };
}
