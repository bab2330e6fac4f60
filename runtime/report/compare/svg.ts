import { escapeMarkup, tenths } from "../picture/index.ts";

export interface Drawing {
  /** Tells its title and description from those of other pictures on the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly parts: readonly string[];
}

/** A picture with its text alternative. */
export function drawSvg({ id, title, description, width, height, parts }: Drawing): string {
  const [w, h] = [tenths(width), tenths(height)];
  return [
    `<svg viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-labelledby="${id}-title ${id}-description">`,
    `<title id="${id}-title">${escapeMarkup(title)}</title>`,
    `<desc id="${id}-description">${escapeMarkup(description)}</desc>`,
    `${parts.join("")}</svg>`,
  ].join("");
}

export interface Stroke {
  readonly colour: string;
  readonly width?: number;
  readonly dashes?: string;
}

/** A line through points, in pixels. */
export function drawLine(
  points: readonly (readonly [number, number])[],
  { colour, width = 1, dashes = "" }: Stroke,
): string {
  if (points.length < 2) return "";
  const path = points
    .map(([x, y], place) => `${place === 0 ? "M" : place === 1 ? "L" : " "}${tenths(x)},${tenths(y)}`)
    .join("");
  const dashed = dashes === "" ? "" : ` stroke-dasharray="${dashes}"`;
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"${dashed}/>`;
}
