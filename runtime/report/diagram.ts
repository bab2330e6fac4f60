import type { Plan } from "../../compiler/index.ts";
import { printCount, printShare } from "../cli/units.ts";
import { type CellStyle, drawCell, labelOf } from "./cell.ts";
import { drawText, moved, type Piece, shorten, stack, tenths, wrap } from "./drawing.ts";
import { escapeMarkup } from "./escape.ts";
import { lightPalette, type Palette } from "./palette.ts";
import { type Cell, type Component, type Stage, structureOf } from "./structure.ts";

export interface DiagramOptions {
  /** In pixels. Components stand side by side where it is wide enough, and below each other where it is not. */
  readonly width: number;
  readonly palette?: Palette;
  /** Tells its title and description from those of other pictures on a page. */
  readonly id?: string;
  readonly font?: string;
}

const cardWidth = 330;
const gap = 16;
const padding = 14;
const rowHeight = 22;
const indexWidth = 26;
const swatchWidth = 40;

/**
 * Where a plan's adapters sit, as SVG: each encoder with its stages, a row for each layer and a column for each
 * projection, then everything else. An outline is frozen, what is filled is trained, a colour is an adapter.
 */
export function renderDiagram(plan: Plan, options: DiagramOptions): string {
  const { width, palette = lightPalette, id = "diagram", font = "system-ui, sans-serif" } = options;
  const style = { palette, labels: plan.placements.map(({ text }) => labelOf(text)) };
  const columns = Math.max(1, Math.floor((width + gap) / (cardWidth + gap)));
  const wide = (width + gap) / columns - gap;
  const legend = drawLegend(plan, width, style);
  const bottoms = Array.from({ length: columns }, () => legend.height + gap);
  const cards = cardsOf(structureOf(plan)).map((components) => {
    const column = bottoms.indexOf(Math.min(...bottoms));
    const top = bottoms[column] ?? 0;
    const card = drawCard(components, wide, style);
    bottoms[column] = top + card.height + gap;
    return moved(column * (wide + gap), top, card.markup);
  });
  const height = Math.max(...bottoms) - gap;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"`,
    ` aria-labelledby="${id}-title ${id}-description" font-family="${escapeMarkup(font)}" font-size="12">`,
    `<title id="${id}-title">${escapeMarkup(`Where the adapters of ${plan.model} sit`)}</title>`,
    `<desc id="${id}-description">${escapeMarkup(describe(plan))}</desc>`,
    legend.markup,
    ...cards,
    "</svg>",
  ].join("");
}

function describe({ components, placements, totals }: Plan): string {
  const all = `${printCount(totals.trainable)} of ${printCount(totals.total)} parameters trained`;
  const parts = components.map(
    ({ name, parameters, trainable }) => `${name}: ${printCount(trainable)} of ${printCount(parameters)} trained`,
  );
  return `${[all, ...parts, ...placements.map((placement) => `${placement.text}: ${countsOf(placement)}`)].join(". ")}.`;
}

function countsOf({ adapters, parameters }: Plan["placements"][number]): string {
  return `${adapters.length} ${adapters.length === 1 ? "adapter" : "adapters"}, ${printCount(parameters)} parameters`;
}

/** What the placements look like, and what is frozen and what is trained without an adapter. */
function drawLegend({ placements }: Plan, width: number, style: CellStyle): Piece {
  const { ink, muted } = style.palette;
  const bare = { path: "", parameters: 1, trained: 0, adapters: [] };
  const entry = (swatch: string, text: string, detail: string): Piece => {
    const lines = wrap(text, Math.floor((width - swatchWidth - 10) / 6.4));
    const shown = lines.map((line, row) =>
      drawText(swatchWidth + 10, 12.5 + 17 * row, line, { fill: ink, size: 12.5 }),
    );
    const below = 12.5 + 17 * lines.length;
    shown.push(drawText(swatchWidth + 10, below, detail, { fill: muted, size: 11.5 }));
    return { markup: `${swatch}${shown.join("")}`, height: 17 * (lines.length + (detail === "" ? 0 : 1)) + 6 };
  };
  const half = swatchWidth / 2 - 2;
  const states = drawCell(bare, half, style) + moved(half + 4, 0, drawCell({ ...bare, trained: 1 }, half, style));
  return stack([
    ...placements.map((placed, placement) => {
      const adapter = { path: "", placement, parameters: placed.parameters, isTrained: true };
      return entry(drawCell({ ...bare, adapters: [adapter] }, swatchWidth, style), placed.text, countsOf(placed));
    }),
    entry(states, "outline: frozen; filled: trained without an adapter", ""),
  ]);
}

/** Components with layers have a card each; those without share one. */
function cardsOf(components: readonly Component[]): readonly (readonly Component[])[] {
  const others = components.filter((component) => !hasLayers(component));
  return [...components.filter(hasLayers).map((component) => [component]), ...(others.length > 0 ? [others] : [])];
}

function hasLayers({ blocks }: Component): boolean {
  return blocks.some(({ kind }) => kind === "stage");
}

function drawCard(components: readonly Component[], width: number, style: CellStyle): Piece {
  const { card, ink, line } = style.palette;
  const inner = width - 2 * padding;
  const others = { markup: drawText(0, 13, "outside of layers", { fill: ink, size: 15, weight: 600 }), height: 30 };
  const pieces = components.flatMap((component) => drawComponent(component, inner, style));
  const { markup, height } = stack(components.some(hasLayers) ? pieces : [others, ...pieces]);
  const tall = height + 2 * padding - 4;
  const frame = `<rect x="0.5" y="0.5" width="${tenths(width - 1)}" height="${tall - 1}" rx="8" fill="${card}" stroke="${line}"/>`;
  return { markup: frame + moved(padding, padding, markup), height: tall };
}

function drawComponent(component: Component, width: number, style: CellStyle): readonly Piece[] {
  const { name, blocks } = component;
  const pieces = blocks.map((block) => {
    if (block.kind === "stage") return drawStage(block, width, style);
    const isWhole = block.name === name;
    return drawPart(isWhole || hasLayers(component) ? block.name : `${name}.${block.name}`, block.cell, width, style);
  });
  return hasLayers(component) ? [drawHeading(component, width, style), ...pieces] : pieces;
}

function drawHeading({ name, parameters, trainable }: Component, width: number, { palette }: CellStyle): Piece {
  const { ink, muted } = palette;
  const share = `${printCount(trainable)} trained (${printShare(trainable, parameters)})`;
  const markup = [
    drawText(0, 13, shorten(name, 20), { fill: ink, size: 15, weight: 600 }),
    drawText(width, 13, `${printCount(parameters)} parameters`, { fill: ink, anchor: "end" }),
    drawText(width, 30, trainable === 0 ? "frozen" : share, { fill: muted, size: 11.5, anchor: "end" }),
  ];
  return { markup: markup.join(""), height: 42 };
}

function drawPart(name: string, cell: Cell, width: number, style: CellStyle): Piece {
  const { ink, muted } = style.palette;
  const count = printCount(cell.parameters);
  const room = Math.floor((width - indexWidth - 16 - 7 * count.length) / 6.6);
  const markup = [
    drawCell(cell, indexWidth - 2, style),
    drawText(indexWidth + 6, 12, shorten(name, room), { fill: ink }),
    drawText(width, 12, count, { fill: muted, size: 11.5, anchor: "end" }),
  ];
  return { markup: markup.join(""), height: rowHeight };
}

/** A row for each layer, a column for each projection. */
function drawStage({ name, columns, layers }: Stage, width: number, style: CellStyle): Piece {
  const { ink, muted, line } = style.palette;
  const step = (width - indexWidth) / columns.length;
  const left = (column: number): number => indexWidth + column * step;
  const stage = name.replace(/\.?layers$/, "");
  const title = `${stage === "" ? "" : `${stage}, `}${layers.length} ${layers.length === 1 ? "layer" : "layers"}`;
  const markup = [drawText(0, 17, shorten(title, Math.floor(width / 6.6)), { fill: ink, weight: 600 })];
  for (const [column, { label, group }] of columns.entries()) {
    const look = { fill: muted, size: 11, anchor: "middle" } as const;
    markup.push(drawText(left(column + 0.5), 52, shorten(label, Math.floor(step / 6)), look));
    if (group === "" || group === columns[column - 1]?.group) continue;
    let end = column + 1;
    while (columns[end]?.group === group) end++;
    markup.push(drawText((left(column) + left(end)) / 2, 34, group, look));
    markup.push(`<path d="M${tenths(left(column) + 4)},38.5H${tenths(left(end) - 4)}" stroke="${line}"/>`);
  }
  const top = 58;
  for (const [row, { index, cells }] of layers.entries()) {
    const y = top + row * rowHeight;
    markup.push(drawText(indexWidth - 8, y + 12, String(index), { fill: muted, size: 11, anchor: "end" }));
    for (const [column, cell] of cells.entries()) {
      if (cell !== null) markup.push(moved(left(column) + 2, y, drawCell(cell, step - 4, style)));
    }
  }
  return { markup: markup.join(""), height: top + layers.length * rowHeight + 8 };
}
