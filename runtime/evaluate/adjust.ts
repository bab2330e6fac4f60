import { at } from "../at.ts";

/** How the p of many tests are corrected: Holm's bounds the chance of any false finding, Benjamini and Hochberg's the share of them. */
export const corrections = ["holm", "bh"] as const;
export type Correction = (typeof corrections)[number];

/** Corrected p, in the same order; what is null is no test. */
export function adjust(ps: readonly (number | null)[], correction: Correction): readonly (number | null)[] {
  const tests = ps.flatMap((p, place) => (p === null ? [] : [{ p, place }])).sort((a, b) => a.p - b.p);
  const adjusted: (number | null)[] = ps.map(() => null);
  switch (correction) {
    case "holm": {
      let largest = 0;
      for (const [rank, { p, place }] of tests.entries()) {
        largest = Math.max(largest, (tests.length - rank) * p);
        adjusted[place] = Math.min(1, largest);
      }
      return adjusted;
    }
    case "bh": {
      let least = 1;
      for (let rank = tests.length; rank >= 1; rank--) {
        const { p, place } = at(tests, rank - 1);
        // In this order, so that the largest p is what it was.
        least = Math.min(least, p * (tests.length / rank));
        adjusted[place] = least;
      }
      return adjusted;
    }
  }
}
