const longestCompared = 80;

/**
 * The candidates that a mistyped name may have meant: those nearest to it, if any is near. A typing slip (a letter too many, too
 * few, changed, or two swapped) costs one; a third of the name's letters may be wrong, and a different case costs next to nothing.
 */
export function nearest(name: string, candidates: Iterable<string>, limit = 3): readonly string[] {
  if (name.length > longestCompared) return [];
  const cutOff = Math.floor((name.length + 1) / 3);
  const lower = name.toLowerCase();
  const found: { readonly candidate: string; readonly cost: number }[] = [];
  for (const candidate of new Set(candidates)) {
    if (candidate === name || Math.abs(candidate.length - name.length) > cutOff) continue;
    const cost = editDistance(lower, candidate.toLowerCase());
    if (cost <= cutOff) found.push({ candidate, cost });
  }
  const best = Math.min(...found.map(({ cost }) => cost));
  const nearestFound = found.filter(({ cost }) => cost === best).map(({ candidate }) => candidate);
  return nearestFound.sort().slice(0, limit);
}

/** A help that says what to write in the place of a name. */
export interface Replacing {
  readonly help: string;
  /** What is written now. */
  readonly written: string;
  /** What may be meant, each of which can take its place. */
  readonly instead: readonly string[];
}

/** The nearest names as a help, or null when nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): Replacing | null {
  const instead = nearest(name, candidates);
  const quoted = instead.map((candidate) => `\`${candidate}\``);
  const last = quoted.pop();
  if (last === undefined) return null;
  const help = quoted.length === 0 ? `did you mean ${last}?` : `did you mean ${quoted.join(", ")} or ${last}?`;
  return { help, written: name, instead };
}

/** The same as a line of text, for what no text of the language is wrong about. */
export function nearestText(name: string, candidates: Iterable<string>): string | null {
  return didYouMean(name, candidates)?.help ?? null;
}

/** Damerau-Levenshtein distance where no part is edited twice (optimal string alignment), in three rows. */
function editDistance(from: string, to: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current: number[] = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
