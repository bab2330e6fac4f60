/** Pairs of tokens by number, and what they are joined to. */
export interface PairTable {
  /** The rank of a pair, which says what is joined before what. */
  readonly ranks: ReadonlyMap<number, number>;
  /** The token that the pair of each rank makes. */
  readonly made: readonly number[];
}

/** More tokens than any vocabulary has. */
const shift = 2 ** 21;
export const mostPairs = shift;

export function pairKey(left: number, right: number): number {
  return left * shift + right;
}

/**
 * Joins pairs, the lowest rank first and of equal ones the leftmost, until none is left. A pair that a join makes counts from then on,
 * as in Hugging Face's tokenizers. It takes n log n steps for n symbols.
 */
export function mergePairs(symbols: readonly number[], { ranks, made }: PairTable): readonly number[] {
  if (symbols.length < 2) return symbols;
  const tokens = Int32Array.from(symbols);
  const [before, after] = [tokens.map((_, index) => index - 1), tokens.map((_, index) => index + 1)];
  const gone = new Uint8Array(tokens.length);
  const queue = new RankQueue();
  const rankAt = (left: number, right: number): number | undefined =>
    ranks.get(pairKey(tokens[left] ?? 0, tokens[right] ?? 0));
  const offer = (left: number, right: number): void => {
    const rank = left < 0 || right >= tokens.length ? undefined : rankAt(left, right);
    if (rank !== undefined) queue.push(rank * places + left);
  };
  for (let place = 0; place + 1 < tokens.length; place++) offer(place, place + 1);
  for (let next = queue.pop(); next !== null; next = queue.pop()) {
    const left = next % places;
    const token = made[(next - left) / places] ?? 0;
    const right = after[left] ?? tokens.length;
    if (gone[left] === 1 || right >= tokens.length) continue;
    // What stood in the queue may have been joined with something else since.
    const rank = rankAt(left, right);
    if (rank === undefined || made[rank] !== token) continue;
    tokens[left] = token;
    gone[right] = 1;
    const behind = after[right] ?? tokens.length;
    after[left] = behind;
    if (behind < tokens.length) before[behind] = left;
    offer(before[left] ?? -1, left);
    offer(left, behind);
  }
  return [...tokens].filter((_, place) => gone[place] === 0);
}

/** Ranks and places in one number: below 2^21 and 2^32. */
const places = 2 ** 32;

/** A heap of numbers, the smallest first. */
class RankQueue {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let place = items.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = items[parent] ?? 0;
      if (above <= item) break;
      items[place] = above;
      place = parent;
    }
    items[place] = item;
  }

  pop(): number | null {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined) return null;
    if (items.length === 0) return first;
    let place = 0;
    for (;;) {
      const child = 2 * place + 1;
      if (child >= items.length) break;
      const [one = 0, other = Number.POSITIVE_INFINITY] = [items[child], items[child + 1]];
      const smaller = Math.min(one, other);
      if (smaller >= last) break;
      items[place] = smaller;
      place = other < one ? child + 1 : child;
    }
    items[place] = last;
    return first;
  }
}
