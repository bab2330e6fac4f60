/** A line of a text or of another that took its place. */
export interface LineChange {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Differing lines of both texts that are compared one by one; of more, all old ones go and all new ones come. */
const comparedLimit = 4_000_000;

/** What changed from one text to another, line by line: as few lines as possible are removed and added. */
export function lineChanges(before: string, after: string): readonly LineChange[] {
  const [old, current] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < current.length && old[start] === current[start]) start++;
  let end = 0;
  while (end < old.length - start && end < current.length - start && old.at(-1 - end) === current.at(-1 - end)) end++;
  const inner = middle(old.slice(start, old.length - end), current.slice(start, current.length - end));
  const same = (lines: readonly string[]): readonly LineChange[] => lines.map((text) => ({ kind: "same", text }));
  return [...same(old.slice(0, start)), ...inner, ...same(old.slice(old.length - end))];
}

function middle(old: readonly string[], current: readonly string[]): readonly LineChange[] {
  const isAll = old.length * current.length > comparedLimit;
  const common = isAll ? null : commonLengths(old, current);
  const changes: LineChange[] = [];
  let [from, to] = [0, 0];
  while (from < old.length || to < current.length) {
    const [text, other] = [old[from], current[to]];
    const rest = (row: number, column: number): number => common?.[row]?.[column] ?? 0;
    if (text !== undefined && text === other && common !== null) {
      changes.push({ kind: "same", text });
      from++;
      to++;
    } else if (text !== undefined && (other === undefined || rest(from + 1, to) >= rest(from, to + 1))) {
      changes.push({ kind: "removed", text });
      from++;
    } else if (other !== undefined) {
      changes.push({ kind: "added", text: other });
      to++;
    }
  }
  return changes;
}

/** How many lines the rests of both have in common, from each line of one and each line of the other. */
function commonLengths(old: readonly string[], current: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Array<number>(current.length + 1).fill(0));
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = current.length - 1; column >= 0; column--) {
      const own = lengths[row];
      const below = lengths[row + 1];
      if (own === undefined || below === undefined) continue;
      own[column] =
        old[row] === current[column]
          ? (below[column + 1] ?? 0) + 1
          : Math.max(below[column] ?? 0, own[column + 1] ?? 0);
    }
  }
  return lengths;
}
