import { escapeMarkup } from "./escape.ts";

/** A piece of a drawing in SVG, and how tall it is. */
export interface Piece {
  readonly markup: string;
  readonly height: number;
}

export type Look = {
  readonly fill: string;
  readonly weight?: number;
  readonly anchor?: "middle" | "end";
} & (
  | { readonly isCode?: false; readonly size?: number }
  /** Letters of one width, for what stands in a spec. */
  | { readonly isCode: true; readonly size: number }
);

const codeFont = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace";

export function drawText(x: number, y: number, content: string, look: Look): string {
  const { fill, size, weight, anchor, isCode } = look;
  // Blanks at the start of a text are not drawn.
  const shown = look.isCode === true ? content.trimStart() : content;
  const indent = look.isCode === true ? (content.length - shown.length) * codeLetter * look.size : 0;
  const attributes = [
    `fill="${fill}"`,
    ...(size === undefined ? [] : [`font-size="${size}"`]),
    ...(weight === undefined ? [] : [`font-weight="${weight}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
    ...(isCode === true ? [`font-family="${codeFont}"`] : []),
  ];
  return `<text x="${tenths(x + indent)}" y="${tenths(y)}" ${attributes.join(" ")}>${escapeMarkup(shown)}</text>`;
}

export function moved(x: number, y: number, markup: string): string {
  return `<g transform="translate(${tenths(x)},${tenths(y)})">${markup}</g>`;
}

/** Widths of letters in DejaVu Sans, as shares of its size: of the fonts that a page may get, the widest. */
const letterWidths: readonly (readonly [RegExp, number])[] = [
  [/[il.,:;|!'j]/, 0.33],
  [/[ ftrI()[\]/-]/, 0.39],
  [/[mwMW%@]/, 0.95],
  [/[A-Z]/, 0.69],
  [/[=+<>×–…→~]/, 0.84],
];
const otherLetter = 0.62;
/** Of every letter in a font of one width. */
const codeLetter = 0.61;
const boldness = 1.1;

/** The room that a text takes at most, in pixels. */
export function textWidth(text: string, size: number, { weight = 400, isCode = false }: Partial<Look> = {}): number {
  if (isCode) return codeLetter * size * text.length;
  let width = 0;
  for (const letter of text) width += letterWidths.find(([letters]) => letters.test(letter))?.[1] ?? otherLetter;
  return width * size * (weight >= 600 ? boldness : 1);
}

/** Cuts a text to a width in pixels, at its end. */
export function cut(text: string, width: number, size: number, look: Partial<Look> = {}): string {
  let shown = text;
  while (shown.length > 1 && textWidth(shown, size, look) > width) shown = `${shown.slice(0, -2)}…`;
  return shown;
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

/** Lines of an expression at most so wide, in pixels: broken before a pipe where that does, else at blanks. */
export function wrapCode(text: string, width: number, size: number): readonly string[] {
  const limit = Math.max(8, Math.floor(width / (codeLetter * size)));
  const [first = "", ...pipes] = text.split(/ (?=\|> )/);
  const lines = [first, ...pipes.map((pipe) => `  ${pipe}`)];
  if (text.length <= limit) return text === "" ? [] : [text];
  return lines.flatMap((line) => {
    const [start = "", ...rest] = wrap(line.trim(), limit - 4);
    const indent = line.startsWith(" ") ? "  " : "";
    return [`${indent}${start}`, ...rest.map((more) => `${indent}  ${more}`)];
  });
}

export function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, Math.max(limit - 1, 1))}…`;
}

/** A place in a picture: finer than a tenth of a pixel shows nothing. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
