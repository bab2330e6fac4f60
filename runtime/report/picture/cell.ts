import { at } from "../../at.ts";
import { printCount } from "../../text/index.ts";
import { cut, drawText, moved, tenths } from "./drawing.ts";
import { escapeMarkup } from "./escape.ts";
import type { Palette } from "./palette.ts";
import type { Cell, PlacedAdapter } from "./structure.ts";

/** What cells are drawn with: colours, and what stands on the adapters of each placement. */
export interface CellStyle {
  readonly palette: Palette;
  readonly labels: readonly string[];
}

export const cellHeight = 16;
const shownShapes = 8;

/** What stands on an adapter: its rank, or else the first number of its placement, or else what it is called. */
export function labelOf(placement: string): string {
  const number = /\brank\s*=\s*([\d_]+)/.exec(placement) ?? /=\s*([\d_]+)/.exec(placement);
  return number?.[1]?.replaceAll("_", "") ?? placement.replace(/\W.*$/s, "").slice(0, 4);
}

/** The colour of the placement that an adapter is of. */
export function colourOf({ placement }: PlacedAdapter, { palette }: CellStyle): string {
  return palette.placements[placement % palette.placements.length] ?? palette.muted;
}

/** A module: an outline when frozen, filled when trained, half of it when in part; its adapters lie on it. */
export function drawCell(cell: Cell, width: number, style: CellStyle): string {
  const { path, parameters, trained, adapters } = cell;
  const { outline, trained: solid, card } = style.palette;
  const right = tenths(width - 0.5);
  const bottom = cellHeight - 0.5;
  const isTrained = trained > 0 && trained === parameters;
  const each = width / Math.max(adapters.length, 1);
  return [
    "<g>",
    path === "" ? "" : `<title>${escapeMarkup(describe(cell))}</title>`,
    `<rect x="0.5" y="0.5" width="${tenths(width - 1)}" height="${cellHeight - 1}" rx="2.5"`,
    ` fill="${isTrained ? solid : card}" stroke="${trained > 0 ? solid : outline}"/>`,
    trained > 0 && !isTrained ? `<path d="M0.5,${bottom}H${right}V0.5Z" fill="${solid}"/>` : "",
    ...adapters.map((adapter, index) => moved(index * each, 0, drawAdapter(adapter, each, trained > 0, style))),
    "</g>",
  ].join("");
}

/** An adapter fills the cell of a frozen module, and leaves a rim of one that is trained itself. */
function drawAdapter(adapter: PlacedAdapter, width: number, hasRim: boolean, style: CellStyle): string {
  const { placement, isTrained } = adapter;
  const { palette, labels } = style;
  const colour = colourOf(adapter, style);
  const inset = hasRim ? 2.5 : isTrained ? 0 : 1;
  const place = `x="${inset}" y="${inset}" width="${tenths(width - 2 * inset)}" height="${cellHeight - 2 * inset}"`;
  const look = isTrained ? `fill="${colour}"` : `fill="${palette.card}" stroke="${colour}" stroke-width="2"`;
  const label = drawText(width / 2, 12, cut(at(labels, placement), width, 10.5, { weight: 600 }), {
    fill: isTrained ? palette.onPlacement : colour,
    size: 10.5,
    weight: 600,
    anchor: "middle",
  });
  return `<rect ${place} rx="2.5" ${look}/>${label}`;
}

function describe({ path, parameters, trained, shapes, adapters }: Cell): string {
  const state = trained === 0 ? "frozen" : trained === parameters ? "trained" : `${printCount(trained)} trained`;
  const placed = adapters.map(({ path: adapter, parameters: count, isTrained }) => {
    const name = adapter.slice(adapter.lastIndexOf(".") + 1);
    return `; ${name}: ${printCount(count)} parameters${isTrained ? "" : ", frozen"}`;
  });
  const more = shapes.length > shownShapes ? `, and ${shapes.length - shownShapes} more` : "";
  const tensors = shapes.length === 0 ? "" : ` (${shapes.slice(0, shownShapes).join(", ")}${more})`;
  const counted = `${printCount(parameters)} ${parameters === 1 ? "parameter" : "parameters"}`;
  return `${path}: ${counted}, ${state}${placed.join("")}${tensors}`;
}
