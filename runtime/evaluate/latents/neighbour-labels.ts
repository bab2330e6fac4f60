import { at } from "../../at.ts";
import type { LatentMap } from "./map.ts";

/** How often the neighbours of volumes with a finding have it too; null where there is none to ask, or nobody to compare with. */
export interface NeighbourLabels {
  /** The mean over the volumes with the finding: the share of their nearest others that have it, of those whose label is known. */
  readonly among: number | null;
  /** What that is where latents say nothing of it: the share of all others. */
  readonly anyway: number | null;
}

/** For one class, whose labels are those of all volumes by their rows. */
export function neighbourLabels(
  { rows, nearest }: Pick<LatentMap, "rows" | "nearest">,
  labels: readonly (boolean | null)[],
): NeighbourLabels {
  const own = rows.map((row) => at(labels, row));
  const known = own.filter((label) => label !== null).length;
  const present = own.filter((label) => label === true).length;
  const shares = nearest.flatMap((others, place) => {
    if (own[place] !== true) return [];
    const told = others.map((other) => at(own, other)).filter((label) => label !== null);
    return told.length === 0 ? [] : [told.filter(Boolean).length / told.length];
  });
  const among = shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return { among, anyway: present === 0 || known < 2 ? null : (present - 1) / (known - 1) };
}
