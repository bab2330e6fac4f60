import { type FlowUnit, type Plan, printType } from "../../../compiler/index.ts";
import { printCount, printShare } from "../../text/index.ts";
import type { CellStyle } from "./cell.ts";
import { cut, drawText, moved, type Piece, tenths, textWidth } from "./drawing.ts";
import { escapeMarkup } from "./escape.ts";
import { drawPart, swatchWidth } from "./parts.ts";
import { drawStage } from "./stage.ts";
import type { Component, Part, Stage } from "./structure.ts";

const padding = 12;
/** Between the line along which values flow and what stands on it. */
const indent = 18;

type Value = Extract<FlowUnit["steps"][number], { readonly kind: "value" }>;

/** A module without parameters. */
interface Plain {
  readonly kind: "plain";
  readonly name: string;
  /** Numbers that it keeps, which no step of an optimizer changes. */
  readonly buffers: number;
}

type Block = Stage | Part;

/** What stands in an encoder's card, and which of its modules nothing uses. */
interface EncoderContents {
  readonly used: readonly (Block | Plain | Value)[];
  readonly unused: readonly Block[];
}

/** An encoder's modules and named values in the order in which they are computed. */
function contentsOf({ name, blocks }: Component, { steps }: FlowUnit, buffers: Plan["buffers"]): EncoderContents {
  const waiting = new Set(blocks);
  const plain = new Set<string>();
  const used: (Block | Plain | Value)[] = [];
  for (const step of steps) {
    if (step.kind === "value") {
      used.push(step);
      continue;
    }
    const block = blocks.find(({ path }) => isWithin(step.path, path));
    if (block !== undefined) {
      if (waiting.delete(block)) used.push(block);
      continue;
    }
    const [own = ""] = step.path.slice(name.length + 1).split(/[.[]/);
    const path = `${name}.${own}`;
    if (plain.has(own) || blocks.some((each) => isWithin(each.path, path))) continue;
    plain.add(own);
    const kept = buffers.filter((buffer) => isWithin(buffer.path, path));
    used.push({ kind: "plain", name: own, buffers: kept.reduce((sum, { shape }) => sum + sizeOf(shape), 0) });
  }
  return { used, unused: [...waiting] };
}

function isWithin(path: string, module: string): boolean {
  return path.startsWith(module) && /^(?:$|[.[])/.test(path.slice(module.length));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An encoder: what it has of parameters, then its stages, modules and named values along a line, in order. */
export function drawEncoder(
  component: Component,
  unit: FlowUnit,
  buffers: Plan["buffers"],
  width: number,
  style: CellStyle,
): Piece {
  const { card, line, outline } = style.palette;
  const inner = width - 2 * padding;
  const { used, unused } = contentsOf(component, unit, buffers);
  const markup = [moved(padding, padding, drawHeading(component, unit, inner, style))];
  let y = padding + 48;
  const from = y;
  let to = y;
  for (const item of used) {
    const piece = drawItem(item, inner, style);
    to = item.kind === "stage" ? y + 8 : item.kind === "value" ? y + 4 : y;
    markup.push(moved(padding, y, piece.markup));
    y += piece.height;
  }
  if (unused.length > 0) {
    markup.push(moved(padding, y + 4, drawText(indent, 12, "not used", { fill: style.palette.muted, size: 11 })));
    y += 24;
    for (const block of unused) {
      const piece = drawBlock(block, inner, style);
      markup.push(moved(padding, y, piece.markup));
      y += piece.height;
    }
  }
  const height = y + padding - 6;
  const frame = `<rect x="0.5" y="0.5" width="${tenths(width - 1)}" height="${height - 1}" rx="8" fill="${card}" stroke="${line}"/>`;
  const rail = `<path d="M${padding + 4.5},${from - 6}V${to}" stroke="${outline}" fill="none"/>`;
  return { markup: frame + rail + markup.join(""), height };
}

function drawItem(item: Block | Plain | Value, width: number, style: CellStyle): Piece {
  switch (item.kind) {
    case "value":
      return drawValue(item, width, style);
    case "plain":
      return drawPlain(item, width, style);
    case "stage":
    case "part":
      return drawBlock(item, width, style);
  }
}

/** A module without parameters, in line with those that have some. */
function drawPlain({ name, buffers }: Plain, width: number, { palette }: CellStyle): Piece {
  const { ink, muted } = palette;
  const kept = buffers === 0 ? "no parameters" : `${printCount(buffers)} in buffers`;
  const left = indent + swatchWidth + 8;
  const room = width - left - textWidth(kept, 11) - 10;
  const markup = [
    drawText(left, 12, cut(name, room, 12), { fill: ink }),
    drawText(width, 12, kept, { fill: muted, size: 11, anchor: "end" }),
  ];
  return { markup: markup.join(""), height: 22 };
}

function drawHeading(
  { name, parameters, trainable }: Component,
  { text }: FlowUnit,
  width: number,
  style: CellStyle,
): string {
  const { ink, muted } = style.palette;
  const count = `${printCount(parameters)} parameters`;
  const share = `${printCount(trainable)} trained (${printShare(trainable, parameters)})`;
  const module = text.replace(/[^\w.].*$/s, "");
  return [
    `<g><title>${escapeMarkup(text)}</title>`,
    drawText(0, 14, cut(name, width - textWidth(count, 12) - 12, 15, { weight: 600 }), {
      fill: ink,
      size: 15,
      weight: 600,
    }),
    drawText(0, 31, cut(module, width - textWidth(share, 11.5) - 12, 11.5, { isCode: true }), {
      fill: muted,
      size: 11.5,
      isCode: true,
    }),
    "</g>",
    drawText(width, 14, count, { fill: ink, anchor: "end" }),
    drawText(width, 31, trainable === 0 ? "frozen" : share, { fill: muted, size: 11.5, anchor: "end" }),
  ].join("");
}

/** A named value: a point on the line, filled where another unit takes it from there. */
function drawValue({ name, type, isUsed }: Value, width: number, { palette }: CellStyle): Piece {
  const { ink, muted, outline, card, last } = palette;
  const shape = printType(type);
  const room = width - indent - textWidth(shape, 10.5, { isCode: true }) - 10;
  const weight = isUsed ? 600 : 400;
  const markup = [
    `<circle cx="4.5" cy="8" r="${isUsed ? 4.5 : 3.5}" fill="${isUsed ? last : card}" stroke="${isUsed ? last : outline}"/>`,
    drawText(indent, 12, cut(name, room, 12, { weight }), { fill: isUsed ? ink : muted, weight }),
    drawText(width, 12, shape, { fill: isUsed ? ink : muted, size: 10.5, anchor: "end", isCode: true }),
  ];
  return { markup: markup.join(""), height: 22 };
}

/** A stage or a part, to the right of the line; a short stroke joins them. */
function drawBlock(block: Block, width: number, style: CellStyle): Piece {
  const inner = width - indent;
  const piece = block.kind === "stage" ? drawStage(block, inner, style) : drawPart(block.name, block, inner, style);
  return { markup: moved(indent, 0, piece.markup), height: piece.height };
}
