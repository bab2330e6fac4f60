import type { DataSettings } from "../../../../compiler/index.ts";
import type { SplitName } from "../../dataset.ts";

/** True when a volume's name puts it into a split; a name that starts with both prefixes belongs to the longer one. */
export function inSplit(name: string, split: SplitName, { train, valid }: DataSettings): boolean {
  const [own, other] = split === "train" ? [train, valid] : [valid, train];
  return name.startsWith(own) && !(other.length > own.length && name.startsWith(other));
}

/** What names start with, up to the first underscore, hyphen or digit, and how many start so; the most frequent first. */
export function prefixesOf(names: Iterable<string>): readonly (readonly [prefix: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    // It fits any name, if with nothing.
    const prefix = /^[^_\-0-9.]*[_-]?/.exec(name)?.[0] ?? "";
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}
