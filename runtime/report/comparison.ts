import { escapeMarkup, themePalette } from "./picture/index.ts";
import type { LabelledEvaluation } from "./types.ts";

const { first, last } = themePalette;

/** The colours of the compared evaluations: of one alone, the last's. */
export function coloursOf(compared: readonly LabelledEvaluation[]): readonly string[] {
  return compared.length > 1 ? [first, last] : [last];
}

/** What the colours of the charts stand for; nothing where there is one. */
export function evaluationLegend(compared: readonly LabelledEvaluation[]): string {
  if (compared.length < 2) return "";
  const keys = compared.map(
    ({ label }, index) => `<span class="key ${index === 0 ? "first" : "last"}">${escapeMarkup(label)}</span>`,
  );
  return `<span class="legend">${keys.join("")}</span>`;
}
