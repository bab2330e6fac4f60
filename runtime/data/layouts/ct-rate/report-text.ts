const notGiven = "Not given.";

/**
 * The text of a report as CT-CLIP's inference has it: findings, then impressions, with nothing between; a part that is
 * `Not given.` is empty; `"`, `'`, `(` and `)` are left out. CT-CLIP's own training reads differently, without saying so:
 * findings alone, and `Not given.` is kept. An empty cell, for which both read `nan`, is empty here.
 */
export function reportText(findings: string, impressions: string): string {
  return [findings, impressions]
    .map((part) => (part === notGiven ? "" : part))
    .join("")
    .replace(/["'()]/g, "");
}

/** True when neither part of a report says anything. */
export function isEmptyReport(findings: string, impressions: string): boolean {
  const parts = [findings.trim(), impressions.trim()].map((part) => (part === notGiven ? "" : part));
  return reportText(parts.join(""), "").trim() === "";
}
