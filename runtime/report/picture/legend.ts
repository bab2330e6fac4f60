import type { Plan } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { printCount } from "../../text/index.ts";
import { type CellStyle, drawCell } from "./cell.ts";
import { drawText, moved, type Piece, stack, textWidth, wrap } from "./drawing.ts";

const swatchWidth = 40;
const lineHeight = 17;
const textSize = 12.5;
const detailSize = 11.5;
/** More than most letters of that size need. */
const letterWidth = 7.6;

/** What the placements look like, and what is frozen and what is trained without an adapter. */
export function drawLegend({ placements, batch }: Plan, width: number, style: CellStyle): Piece {
  const { ink, muted } = style.palette;
  const bare = { path: "", parameters: 1, trained: 0, shapes: [], adapters: [] };
  const entry = (swatch: string, text: string, detail: string): Piece => {
    const limit = Math.floor((width - swatchWidth - 10) / letterWidth);
    const lines = wrap(text, limit);
    const after = textWidth(at(lines, lines.length - 1), textSize);
    const isBeside = swatchWidth + 24 + after + textWidth(detail, detailSize) <= width;
    const details = detail === "" ? [] : isBeside ? [detail] : wrap(detail, limit);
    const x = swatchWidth + (isBeside ? 24 + after : 10);
    const from = isBeside ? lines.length - 1 : lines.length;
    const markup = [
      ...lines.map((line, row) =>
        drawText(swatchWidth + 10, 12.5 + lineHeight * row, line, { fill: ink, size: textSize }),
      ),
      ...details.map((line, row) =>
        drawText(x, 12.5 + lineHeight * (from + row), line, { fill: muted, size: detailSize }),
      ),
    ];
    return {
      markup: `${swatch}${markup.join("")}`,
      height: lineHeight * (from + Math.max(details.length, isBeside ? 1 : 0)) + 6,
    };
  };
  const half = swatchWidth / 2 - 2;
  const states = drawCell(bare, half, style) + moved(half + 4, 0, drawCell({ ...bare, trained: 1 }, half, style));
  const numbers = `numbers: parameters of one module, + those of its adapters; shapes: of a batch of ${batch}`;
  return stack([
    ...placements.map((placed, placement) => {
      const adapter = { path: "", placement, parameters: placed.parameters, isTrained: true };
      return entry(drawCell({ ...bare, adapters: [adapter] }, swatchWidth, style), placed.text, countsOf(placed));
    }),
    entry(states, "outline: frozen; filled: trained without an adapter", numbers),
  ]);
}

/** `52 adapters, 1,671,168 parameters` */
export function countsOf({ adapters, parameters }: Plan["placements"][number]): string {
  return `${printCount(adapters.length)} ${adapters.length === 1 ? "adapter" : "adapters"}, ${printCount(parameters)} parameters`;
}
