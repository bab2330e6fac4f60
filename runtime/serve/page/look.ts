import { element, picture } from "./dom.ts";
import type { ChosenRun } from "./store.ts";

const colours = 6;
const dashes = ["", "6 3", "2 3"] as const;

/** The colour of a chosen run; after the last colour the first comes again, with another line. */
export function colourOf(slot: number): string {
  return `var(--placement-${slot % colours})`;
}

export function dashOf(slot: number): string | null {
  const dash = dashes[Math.floor(slot / colours) % dashes.length] ?? "";
  return dash === "" ? null : dash;
}

/** A piece of a run's line. */
export function swatch(slot: number): SVGElement {
  const line = picture("path", {
    d: "M0,4H22",
    fill: "none",
    stroke: colourOf(slot),
    "stroke-width": 3,
    "stroke-dasharray": dashOf(slot),
  });
  return picture("svg", { class: "swatch", viewBox: "0 0 22 8", "aria-hidden": "true" }, line);
}

/** What the lines stand for. */
export function keysOf(chosen: readonly ChosenRun[]): HTMLElement {
  const keys = chosen.map(({ run, slot }) => element("li", {}, swatch(slot), run.name));
  return element("ul", { class: "keys", "aria-label": "Lines" }, ...keys);
}
