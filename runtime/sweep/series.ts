import { escapeMarkup, themePalette } from "../report/index.ts";
import type { RunResult } from "./results.ts";

/** An entry in the charts of a page: its number, its look, and its runs, one for each seed. */
export interface Series {
  /** From 1, in the order of the sweep file. */
  readonly number: number;
  readonly name: string;
  readonly colour: string;
  /** Lengths of strokes and gaps; none for a whole line. */
  readonly dash: readonly number[];
  readonly runs: readonly RunResult[];
}

/** After the last colour the first comes again, with another line. */
const dashes = [[], [6, 3], [2, 3], [9, 3, 2, 3]] as const;

/** The runs of each entry, in order. */
export function seriesOf(runs: readonly RunResult[]): readonly Series[] {
  const byName = new Map<string, RunResult[]>();
  for (const run of runs) byName.set(run.entry.name, [...(byName.get(run.entry.name) ?? []), run]);
  const { placements, ink } = themePalette;
  return [...byName].map(([name, own], index) => ({
    number: index + 1,
    name,
    colour: placements[index % placements.length] ?? ink,
    dash: dashes[Math.floor(index / placements.length) % dashes.length] ?? [],
    runs: own,
  }));
}

/** What the lines and numbers of the charts stand for. */
export function legendOf(series: readonly Series[]): string {
  const keys = series.map(({ number, name, colour, dash }) => {
    const stroke = `stroke="${colour}" stroke-width="3"${dash.length === 0 ? "" : ` stroke-dasharray="${dash.join(" ")}"`}`;
    const swatch = `<svg aria-hidden="true" width="24" height="8" viewBox="0 0 24 8"><path d="M0,4H24" ${stroke}/></svg>`;
    return `<li>${swatch}${number} ${escapeMarkup(name)}</li>`;
  });
  return `<ul class="series">${keys.join("")}</ul>`;
}
