const notGiven = "Not given.";

/** CT-CLIP puts nothing between findings and impressions. */
export const usualSeparator = "";

/**
 * The text of a report of some sections as CT-CLIP's inference has it: findings, then impressions, with nothing between unless a
 * separator is given; a section that is `Not given.` is empty; `"`, `'`, `(` and `)` are left out. CT-CLIP's own training reads
 * differently, without saying so: findings alone, and `Not given.` is kept. An empty cell, for which both read `nan`, is empty here.
 */
export function reportText(sections: readonly string[], separator = usualSeparator): string {
  return sections
    .map((section) => (section === notGiven ? "" : section))
    .filter((section) => section !== "")
    .join(separator)
    .replace(/["'()]/g, "");
}

/** True when no section of a report says anything. */
export function isEmptyReport(sections: readonly string[]): boolean {
  return reportText(sections.map((section) => section.trim())).trim() === "";
}
