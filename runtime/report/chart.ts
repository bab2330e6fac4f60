import type { TopLevelSpec } from "vega-lite";
import { escapeMarkup, themePalette } from "./picture/index.ts";

/** A chart in Vega-Lite, without the parts that all charts of a report share. */
export type ChartSpec = TopLevelSpec & { readonly config?: never };

export interface Described {
  /** Tells its title and description from those of other pictures on the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/** Draws a chart, in the colours of the page. Vega is large, so it is loaded when a chart is drawn and not before. */
export async function drawChart(spec: ChartSpec, { id, title, description }: Described): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const { spec: compiled } = vegaLite.compile({ ...spec, config: look });
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  const drawn = await view.toSVG();
  view.finalize();
  const opened = /^<svg[^>]*viewBox="(?<box>[^"]*)"[^>]*>/.exec(drawn);
  const box = opened?.groups?.["box"];
  if (opened === null || box === undefined) throw new Error("Vega draws an svg element with a viewBox");
  const [, , width = "", height = ""] = box.split(" ");
  return [
    `<svg viewBox="${box}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-description" text-rendering="geometricPrecision">`,
    `<title id="${id}-title">${escapeMarkup(title)}</title>`,
    `<desc id="${id}-description">${escapeMarkup(description)}</desc>`,
    withoutMachinery(drawn.slice(opened[0].length)),
  ].join("");
}

/** Leaves out what only Vega's own script would use. A title says what the picture is, so its parts need no names. */
function withoutMachinery(svg: string): string {
  return svg
    .replace(/<[a-z][^>]*>/g, (tag) => tag.replace(/ (?:class|role|aria-[a-z]+|pointer-events|display)="[^"]*"/g, ""))
    .replace(/<path d=""[^>]*\/>|<path d="M0,0h0v0h0Z"[^>]*\/>/g, "")
    .replace(/<text[^>]* opacity="0"[^>]*>[^<]*<\/text>/g, "");
}

const { ink, muted, line } = themePalette;

const look = {
  background: "transparent",
  aria: false,
  font: "inherit",
  padding: 2,
  view: { stroke: "transparent" },
  axis: {
    labelColor: muted,
    labelFontSize: 11,
    titleColor: muted,
    titleFontSize: 11,
    titleFontWeight: "normal",
    gridColor: line,
    domainColor: line,
    tickColor: line,
    labelOverlap: true,
    labelFlush: false,
  },
  text: { color: ink, fontSize: 11 },
} as const;
