import { printCount } from "../../text/index.ts";
import { type CellStyle, drawCell } from "./cell.ts";
import { cut, drawText, type Piece, textWidth } from "./drawing.ts";
import type { Part } from "./structure.ts";

/** How wide the cell of a part is. */
export const swatchWidth = 24;

/** A module outside of layers: its cell, its name, and how many parameters it has. */
export function drawPart(name: string, { cell }: Part, width: number, style: CellStyle): Piece {
  const { ink, muted } = style.palette;
  const count = printCount(cell.parameters);
  const room = width - swatchWidth - 8 - textWidth(count, 11) - 10;
  const markup = [
    drawCell(cell, swatchWidth, style),
    drawText(swatchWidth + 8, 12, cut(name, room, 12), { fill: ink }),
    drawText(width, 12, count, { fill: muted, size: 11, anchor: "end" }),
  ];
  return { markup: markup.join(""), height: 22 };
}
