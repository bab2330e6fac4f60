import { escapeMarkup } from "../picture/index.ts";

/** Lines below a table. */
export function renderNotes(notes: readonly string[]): string {
  return `<p class="about">${notes.map(escapeMarkup).join("<br>\n")}</p>`;
}
