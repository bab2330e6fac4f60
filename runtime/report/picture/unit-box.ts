import { type FlowUnit, printType } from "../../../compiler/index.ts";
import type { CellStyle } from "./cell.ts";
import { cut, drawText, moved, type Piece, tenths, textWidth, wrapCode } from "./drawing.ts";
import { drawPart } from "./parts.ts";
import type { Component, Part } from "./structure.ts";

const padding = 10;
const nameSize = 13;
const codeSize = 10.5;
const lineHeight = 15;
/** More of an expression does not help to see what it does. */
const shownLines = 6;
const code = { isCode: true } as const;

/** How wide a box is at best. */
export function widthOf({ kind, name, text, type }: FlowUnit): number {
  const shape = type === null ? "" : printType(type);
  const first = textWidth(name, nameSize, { weight: 600 }) + 16 + textWidth(shape, codeSize, code);
  const least = kind === "input" ? 120 : 240;
  return Math.max(least, first + 2 * padding, Math.min(textWidth(text, codeSize, code) + 2 * padding, 360));
}

/** An input, a let or a loss: its name and shape, its expression, and the modules whose parameters it uses. */
export function drawBox(unit: FlowUnit, components: readonly Component[], width: number, style: CellStyle): Piece {
  const { ink, muted, line, outline, card, last } = style.palette;
  const { kind, name, text, type } = unit;
  const inner = width - 2 * padding;
  const shape = type === null ? "" : printType(type);
  const bold = { fill: ink, size: nameSize, weight: 600 } as const;
  const isOneLine = textWidth(name, nameSize, bold) + 12 + textWidth(shape, codeSize, code) <= inner;
  const markup = [drawText(padding, 19, cut(name, inner, nameSize, bold), bold)];
  let y = 26;
  if (isOneLine) {
    markup.push(drawText(width - padding, 19, shape, { fill: muted, size: codeSize, anchor: "end", ...code }));
  } else {
    markup.push(drawText(padding, y + 10, cut(shape, inner, codeSize, code), { fill: muted, size: codeSize, ...code }));
    y += lineHeight;
  }
  const lines = wrapCode(text, inner, codeSize);
  for (const [row, each] of lines.slice(0, shownLines).entries()) {
    const shown = row === shownLines - 1 && lines.length > shownLines ? cut(`${each} …`, inner, codeSize, code) : each;
    markup.push(drawText(padding, y + 11, shown, { fill: ink, size: codeSize, ...code }));
    y += lineHeight;
  }
  if (components.length > 0) y += 8;
  for (const part of components.flatMap(partsOf)) {
    const piece = drawPart(part.name, part, inner, style);
    markup.push(moved(padding, y, piece.markup));
    y += piece.height;
  }
  const height = y + 7;
  const stroke = kind === "loss" ? last : kind === "input" ? outline : line;
  const frame = `<rect x="0.5" y="0.5" width="${tenths(width - 1)}" height="${tenths(height - 1)}" rx="${kind === "input" ? 14 : 8}" fill="${card}" stroke="${stroke}"/>`;
  return { markup: frame + markup.join(""), height };
}

/** The modules of a component, each under its whole name; of one in layers, each stage as one. */
export function partsOf({ name, blocks }: Component): readonly Part[] {
  return blocks.flatMap((block): readonly Part[] => {
    const whole = block.name === name ? name : `${name}.${block.name}`;
    if (block.kind === "part") return [{ ...block, name: whole }];
    const cells = block.layers.flatMap((layer) => layer.cells.filter((cell) => cell !== null));
    const cell = {
      path: block.path,
      parameters: cells.reduce((sum, { parameters }) => sum + parameters, 0),
      trained: cells.reduce((sum, { trained }) => sum + trained, 0),
      shapes: [],
      adapters: cells.flatMap(({ adapters }) => adapters).slice(0, 1),
    };
    return [{ kind: "part", path: block.path, name: `${whole}: ${block.layers.length} layers`, cell }];
  });
}
