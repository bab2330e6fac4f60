import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Attempt, attempt, kindOfPath, readFileText, sha256Of, writeAtomically } from "../files/index.ts";

/** Where a card went: to its own place, or beside what is there and is not ours; null where that has a file, too. */
export interface PlacedCard {
  readonly path: string;
  readonly kind: "written" | "beside" | "none";
}

/** Bytes of a file that may be a card of ours. */
const largestCard = 2 ** 24;

/**
 * Writes a card. A file in its place is replaced only if we wrote it and nobody changed it since, which a hash in it tells; what is
 * somebody else's stays as it is, and the card goes beside it.
 */
export function placeCard(path: string, card: string): Attempt<PlacedCard> {
  return attempt(path, () => {
    const beside = path.replace(/\.md$/, ".medctc.md");
    const free = [path, beside].find((each) => kindOfPath(each) === "absent" || isOurs(each));
    if (free === undefined) return { path: beside, kind: "none" };
    mkdirSync(dirname(free), { recursive: true });
    writeAtomically(free, signed(card));
    return { path: free, kind: free === path ? "written" : "beside" };
  });
}

const signature =
  /^<!-- Card by medctc, SHA-256 ([0-9a-f]{64})\. Once it is edited, exports leave this file alone\. -->\n/m;

/** The card with a hash of itself behind its front matter. */
function signed(card: string): string {
  const line = `<!-- Card by medctc, SHA-256 ${sha256Of(card)}. Once it is edited, exports leave this file alone. -->\n`;
  const end = card.indexOf("\n---\n", 4) + 5;
  return `${card.slice(0, end)}${line}${card.slice(end)}`;
}

function isOurs(path: string): boolean {
  // What cannot be read, or is too large for a card, is somebody else's.
  const read = attempt(path, () => readFileText(path, largestCard));
  if (read.kind === "failed") return false;
  const [line, hash] = signature.exec(read.value) ?? [];
  return line !== undefined && hash === sha256Of(read.value.replace(line, ""));
}
