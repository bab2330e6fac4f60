import { at } from "../../at.ts";
import { runsOf } from "../../runs.ts";
/** Paths that differ in the numbers of layers only, as one. */
export interface FoldedPaths<Item> {
  /** `vision.spatial.layers[0..4].attention.to_q` */
  readonly text: string;
  readonly items: readonly Item[];
}

/** Puts items together whose paths differ in numbers only and that have the same key, in the order of the first of each. */
export function foldPaths<Item>(
  items: readonly Item[],
  pathOf: (item: Item) => string,
  keyOf: (item: Item) => string,
): readonly FoldedPaths<Item>[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = `${pathOf(item).replace(/\[\d+\]/g, "[]")} ${keyOf(item)}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push(item);
  }
  return [...groups.values()].map((group) => ({ text: foldedText(group.map(pathOf)), items: group }));
}

/** Each number as the set of those that occur in its place. */
function foldedText(paths: readonly string[]): string {
  const numbers = paths.map((path) => [...path.matchAll(/\[(\d+)\]/g)].map(([, digits]) => Number(digits)));
  let place = 0;
  return at(paths, 0).replace(/\[\d+\]/g, () => {
    const found = new Set(numbers.map((each) => at(each, place)));
    place++;
    return `[${printLayers(found)}]`;
  });
}

/** Layers as a selector has them: `0..4, 7`. */
function printLayers(layers: ReadonlySet<number>): string {
  const sorted = [...layers].sort((a, b) => a - b);
  const runs = runsOf(sorted).map(({ first, last }) => (first === last ? String(first) : `${first}..${last + 1}`));
  return runs.join(", ");
}

/** The paths of the modules that a path is in, the innermost first. */
export function* pathsAround(path: string): Generator<string> {
  for (let end = path.lastIndexOf("."); end > 0; end = path.lastIndexOf(".", end - 1)) yield path.slice(0, end);
}
