import type { Listing, SplitName } from "./dataset.ts";

/** How often classes occur in a split. */
export interface SplitLabels {
  readonly split: SplitName;
  readonly examples: number;
  /** In the order of `LabelCounts.classes`. */
  readonly counts: readonly ClassCount[];
}

/** Together they are the examples of the split; missing are those without a row as well. */
export interface ClassCount {
  readonly positive: number;
  readonly negative: number;
  readonly missing: number;
}

export interface LabelCounts {
  readonly classes: readonly string[];
  /** Those that have an example. */
  readonly splits: readonly SplitLabels[];
}

interface Tally {
  readonly split: SplitName;
  examples: number;
  /** By the places of classes; those that have none may be left out. */
  readonly positive: number[];
  readonly negative: number[];
}

/** Counts the labels of a data set, class by class; null where it has none. */
export function countLabels({ volumes, labels }: Listing): LabelCounts | null {
  const places = new Map<string, number>();
  const tallies = (["train", "valid"] as const).map(
    (split): Tally => ({
      split,
      examples: 0,
      positive: [],
      negative: [],
    }),
  );
  for (const volume of volumes) {
    const fact = labels.of(volume);
    const cells = fact.kind === "ok" ? fact.value : new Map<string, boolean | null>();
    for (const name of cells.keys()) if (!places.has(name)) places.set(name, places.size);
    for (const tally of tallies) {
      if (!volume.splits.includes(tally.split)) continue;
      tally.examples++;
      for (const [name, cell] of cells) {
        if (cell === null) continue;
        const counts = cell ? tally.positive : tally.negative;
        const place = places.get(name) ?? 0;
        counts[place] = (counts[place] ?? 0) + 1;
      }
    }
  }
  if (places.size === 0) return null;
  const classes = [...places.keys()];
  const splits = tallies.flatMap(({ split, examples, positive, negative }) => {
    const counts = classes.map((_, place) => {
      const [present = 0, absent = 0] = [positive[place], negative[place]];
      return { positive: present, negative: absent, missing: examples - present - absent };
    });
    return examples === 0 ? [] : [{ split, examples, counts }];
  });
  return { classes, splits };
}
