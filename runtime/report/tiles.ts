import { escapeMarkup } from "./picture/index.ts";

/** A number that says much, and what it is. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

export function renderTiles(tiles: readonly Tile[]): string {
  if (tiles.length === 0) return "";
  const shown = tiles.map(({ name, value, detail }) => {
    const below = detail === "" ? "" : `<dd>${escapeMarkup(detail)}</dd>`;
    return `<div class="tile"><dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>${below}</div>`;
  });
  return `<dl class="tiles">${shown.join("\n")}</dl>\n`;
}
