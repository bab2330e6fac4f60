import { escapeMarkup } from "./escape.ts";

/** A piece of a drawing in SVG, and how tall it is. */
export interface Piece {
  readonly markup: string;
  readonly height: number;
}

export interface Look {
  readonly fill: string;
  readonly size?: number;
  readonly weight?: number;
  readonly anchor?: "middle" | "end";
}

export function drawText(x: number, y: number, content: string, { fill, size, weight, anchor }: Look): string {
  const attributes = [
    `fill="${fill}"`,
    ...(size === undefined ? [] : [`font-size="${size}"`]),
    ...(weight === undefined ? [] : [`font-weight="${weight}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text x="${tenths(x)}" y="${tenths(y)}" ${attributes.join(" ")}>${escapeMarkup(content)}</text>`;
}

export function moved(x: number, y: number, markup: string): string {
  return `<g transform="translate(${tenths(x)},${tenths(y)})">${markup}</g>`;
}

/** Pieces below each other. */
export function stack(pieces: readonly Piece[]): Piece {
  let height = 0;
  const markup: string[] = [];
  for (const piece of pieces) {
    markup.push(moved(0, height, piece.markup));
    height += piece.height;
  }
  return { markup: markup.join(""), height };
}

/** Lines of at most so many characters, broken at blanks. */
export function wrap(text: string, limit: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= limit) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(shorten(word, limit));
  }
  return lines;
}

export function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, Math.max(limit - 1, 1))}…`;
}

/** A place in a picture: finer than a tenth of a pixel shows nothing. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
