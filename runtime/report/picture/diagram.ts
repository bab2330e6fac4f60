import type { Plan } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { printCount, printShare } from "../../text/index.ts";
import { type CellStyle, labelOf } from "./cell.ts";
import { cut, drawText, moved, type Piece, wrap } from "./drawing.ts";
import { drawEncoder } from "./encoder-card.ts";
import { escapeMarkup } from "./escape.ts";
import { type FlowGraph, graphOf } from "./flow-graph.ts";
import { layOutInRows } from "./layered.ts";
import { countsOf, drawLegend } from "./legend.ts";
import { lightPalette, type Palette } from "./palette.ts";
import { drawPart } from "./parts.ts";
import { layOutInColumn } from "./stacked.ts";
import { type Component, structureOf } from "./structure.ts";
import { drawBox, partsOf, widthOf } from "./unit-box.ts";

export interface DiagramOptions {
  /** In pixels. Units stand in rows where it is wide enough, and below each other where it is not. */
  readonly width: number;
  readonly palette?: Palette;
  /** Tells its title and description from those of other pictures on a page. */
  readonly id?: string;
  readonly font?: string;
  /** Fill what is behind the picture, for a file of its own. */
  readonly hasPaper?: boolean;
}

const margin = 20;
const gap = 24;
const unusedWidth = 320;

/**
 * A model as SVG: its inputs, encoders, lets and losses, with arrows for what flows between them; in an encoder its
 * stages, with a row for layers that are alike and a column for each projection. An outline is frozen, what is filled is
 * trained, a colour is an adapter.
 */
export function renderDiagram(plan: Plan, options: DiagramOptions): string {
  const { width, palette = lightPalette, id = "diagram", font = "system-ui, sans-serif", hasPaper = false } = options;
  const edge = hasPaper ? margin : 0;
  const inner = width - 2 * edge;
  const style = { palette, labels: plan.placements.map(({ text }) => labelOf(text)) };
  const components = structureOf(plan);
  const graph = graphOf(plan.flow);
  const legend = drawLegend(plan, inner, style);
  const flow = drawFlow(graph, components, plan.buffers, inner, style);
  const used = new Set(graph.units.flatMap((unit) => unit.components));
  const unused = drawUnused(
    components.filter(({ name }) => !used.has(name)),
    inner,
    style,
  );
  const pieces = [...(hasPaper ? [drawTitle(plan, inner, style)] : []), legend, flow, unused].filter(
    (piece) => piece.height > 0,
  );
  let y = edge;
  const placed = pieces.map((piece) => {
    const markup = moved(edge, y, piece.markup);
    y += piece.height + gap;
    return markup;
  });
  const height = Math.ceil(y - gap + edge);
  // Letters are as wide as was reckoned only where their widths are not rounded to whole pixels.
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"`,
    ` aria-labelledby="${id}-title ${id}-description" text-rendering="geometricPrecision" font-family="${escapeMarkup(font)}" font-size="12">`,
    `<title id="${id}-title">${escapeMarkup(`The model ${plan.model}, and where its adapters sit`)}</title>`,
    `<desc id="${id}-description">${escapeMarkup(describe(plan))}</desc>`,
    hasPaper ? `<rect width="${width}" height="${height}" fill="${palette.paper}"/>` : "",
    ...placed,
    "</svg>",
  ].join("");
}

function describe({ components, placements, totals, flow: { units, arrows } }: Plan): string {
  const all = `${printCount(totals.trainable)} of ${printCount(totals.total)} parameters trained`;
  const parts = components.map(
    ({ name, parameters, trainable }) => `${name}: ${printCount(trainable)} of ${printCount(parameters)} trained`,
  );
  const uses = units.flatMap(({ name }, unit) => {
    const sources = new Set(arrows.flatMap(({ from, to }) => (to === unit ? [at(units, from).name] : [])));
    return sources.size === 0 ? [] : [`${name} uses ${[...sources].join(", ")}`];
  });
  return `${[all, ...parts, ...placements.map((placed) => `${placed.text}: ${countsOf(placed)}`), ...uses].join(". ")}.`;
}

/** What a picture says that stands alone: which model it is, and how large. */
function drawTitle({ model, totals }: Plan, width: number, { palette }: CellStyle): Piece {
  const { ink, muted } = palette;
  const counts = `${printCount(totals.total)} parameters, ${printCount(totals.trainable)} trained (${printShare(totals.trainable, totals.total)})`;
  const lines = wrap(counts, Math.floor(width / 7.8));
  const markup = [
    drawText(0, 17, cut(model, width, 18, { weight: 600 }), { fill: ink, size: 18, weight: 600 }),
    ...lines.map((line, row) => drawText(0, 37 + 17 * row, line, { fill: muted, size: 12.5 })),
  ];
  return { markup: markup.join(""), height: 22 + 17 * lines.length };
}

function drawFlow(
  graph: FlowGraph,
  components: readonly Component[],
  buffers: Plan["buffers"],
  width: number,
  style: CellStyle,
): Piece {
  const { units } = graph;
  const drawn = new Map<string, Piece>();
  const draw = (index: number, wide: number): Piece => {
    const key = `${index} ${wide}`;
    const known = drawn.get(key);
    const unit = units[index];
    if (known !== undefined) return known;
    if (unit === undefined) throw new Error("a row has units of the flow");
    const own = components.filter(({ name }) => unit.components.includes(name));
    const [encoder = { name: unit.name, parameters: 0, trainable: 0, blocks: [] }] = own;
    const piece =
      unit.kind === "encoder" ? drawEncoder(encoder, unit, buffers, wide, style) : drawBox(unit, own, wide, style);
    drawn.set(key, piece);
    return piece;
  };
  const heightOf = (unit: number, wide: number): number => draw(unit, wide).height;
  const wanted = units.map((unit) => (unit.kind === "encoder" ? null : widthOf(unit)));
  const layout =
    layOutInRows(graph, width, (unit) => wanted[unit] ?? null, heightOf) ?? layOutInColumn(graph, width, heightOf);
  const boxes = [...layout.places].map(([unit, { x, y, width: wide }]) => moved(x, y, draw(unit, wide).markup));
  return { markup: layout.drawArrows(style.palette) + boxes.join(""), height: units.length === 0 ? 0 : layout.height };
}

/** Parts of the model that nothing uses, such as those that only a checkpoint has. */
function drawUnused(components: readonly Component[], width: number, style: CellStyle): Piece {
  const parts = components.flatMap(partsOf);
  if (parts.length === 0) return { markup: "", height: 0 };
  const columns = Math.max(1, Math.min(parts.length, Math.floor(width / unusedWidth)));
  const step = Math.min(width / columns, unusedWidth + gap);
  const rows = Math.ceil(parts.length / columns);
  const markup = parts.map((part, index) => {
    const piece = drawPart(part.name, part, columns === 1 ? step : step - gap, style);
    return moved(Math.floor(index / rows) * step, 24 + (index % rows) * piece.height, piece.markup);
  });
  return {
    markup: drawText(0, 13, "not used", { fill: style.palette.muted }) + markup.join(""),
    height: 24 + 22 * rows,
  };
}
