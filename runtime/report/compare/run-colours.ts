import { escapeMarkup, themePalette } from "../picture/index.ts";
import type { ComparedEvaluation } from "./types.ts";

const { first, placements } = themePalette;

/** How a run is drawn. */
export interface RunLook {
  readonly colour: string;
  /** The dashes of its lines; empty for none. Runs of one colour have others. */
  readonly dashes: string;
}

/** Looks of runs in their order: the first in grey, a line of dashes, as what the others are held against. */
export function lookOf(run: number): RunLook {
  if (run === 0) return { colour: first, dashes: "5 2" };
  const colour = placements[(run - 1) % placements.length] ?? first;
  const round = Math.floor((run - 1) / placements.length);
  return { colour, dashes: round === 0 ? "" : round % 2 === 1 ? "2 2" : "8 3 2 3" };
}

/** What the colours of the charts stand for. */
export function runLegend(runs: readonly Pick<ComparedEvaluation, "label">[]): string {
  const keys = runs.map(({ label }, run) => `<span class="key ${keyOf(run)}">${escapeMarkup(label)}</span>`);
  return `<span class="legend">${keys.join("")}</span>`;
}

function keyOf(run: number): string {
  if (run === 0) return "run-first";
  return `run-${(run - 1) % placements.length}${run > placements.length ? " again" : ""}`;
}

/** The rules of those keys. */
export const legendStyle = [
  ".key.run-first::before{border-top:3px dashed var(--first)}",
  ...placements.map((colour, place) => `.key.run-${place}::before{border-top-color:${colour}}`),
  ".key.again::before{border-top-style:dotted}",
  "",
].join("\n");
