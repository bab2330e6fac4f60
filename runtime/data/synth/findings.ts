import type { Pathology } from "./pathologies.ts";

/** What can be planted, in the order of the table's columns; the other classes never occur. */
export const planted = [
  "Medical material",
  "Cardiomegaly",
  "Hiatal hernia",
  "Emphysema",
  "Pleural effusion",
  "Consolidation",
] as const satisfies readonly Pathology[];

export type Planted = (typeof planted)[number];

export type Side = "right" | "left" | "both";

/** What one patient has. */
export interface Findings {
  readonly present: ReadonlySet<Planted>;
  /** Where the effusion is, or would be. */
  readonly effusionSide: Side;
}

/** How often each of them occurs, whatever else a patient has. */
const share = 0.4;

export function drawFindings(random: () => number): Findings {
  const present = new Set(planted.filter(() => random() < share));
  const side = random();
  return { present, effusionSide: side < 0.25 ? "right" : side < 0.5 ? "left" : "both" };
}
