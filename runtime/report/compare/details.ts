import { escapeMarkup } from "../picture/index.ts";

/** Markup that is shown when its line is opened. */
export function renderDetails(summary: string, body: string): string {
  return `<details><summary>${escapeMarkup(summary)}</summary>${body}</details>\n`;
}
