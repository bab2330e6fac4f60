/** Pieces with their scores, by number. */
export interface Pieces {
  readonly pieces: readonly { readonly text: string; readonly score: number }[];
  /** Pieces that a text can be made of; the others are not looked for. */
  readonly isUsed: (id: number) => boolean;
  readonly unknown: number;
  /** Rounds scores as they are added up: SentencePiece has floats, Hugging Face doubles. */
  readonly round: (score: number) => number;
}

/** How much less than the least score a character has that no piece has. */
const unknownPenalty = 10;
const codes = 2 ** 16;

/**
 * What cuts a text into the pieces with the largest sum of scores; of equal sums it takes the one whose last piece starts first. Unknown
 * characters in a row are one token. A text takes time in proportion to its length, times that of the longest piece.
 */
export function unigramEncoder({ pieces, isUsed, unknown, round }: Pieces): (text: string) => readonly number[] {
  const trie = new Trie();
  let least = Number.POSITIVE_INFINITY;
  for (const [id, { text, score }] of pieces.entries()) {
    if (!isUsed(id)) continue;
    trie.add(text, id);
    least = Math.min(least, score);
  }
  const scores = Float64Array.from(pieces, ({ score }) => score);
  const unknownScore = round(least - unknownPenalty);
  return (text) => {
    const { length } = text;
    const [best, from, by] = [
      new Float64Array(length + 1),
      new Int32Array(length + 1).fill(-1),
      new Int32Array(length + 1),
    ];
    const offer = (start: number, end: number, id: number, score: number): void => {
      const sum = round(score + (best[start] ?? 0));
      if (from[end] !== -1 && sum <= (best[end] ?? 0)) return;
      best[end] = sum;
      from[end] = start;
      by[end] = id;
    };
    for (let start = 0; start < length; ) {
      const next = start + ((text.codePointAt(start) ?? 0) >= codes ? 2 : 1);
      let isKnown = false;
      let node = 0;
      for (let end = start; end < length; ) {
        node = trie.child(node, text.charCodeAt(end++));
        if (node < 0) break;
        const id = trie.pieceAt(node);
        if (id < 0) continue;
        offer(start, end, id, scores[id] ?? 0);
        isKnown ||= end === next;
      }
      if (!isKnown) offer(start, next, unknown, unknownScore);
      start = next;
    }
    const ids: number[] = [];
    for (let end = length; end > 0; end = from[end] ?? 0) {
      const id = by[end] ?? unknown;
      if (id !== unknown || ids.at(-1) !== unknown) ids.push(id);
    }
    return ids.reverse();
  };
}

/** Pieces by their beginnings. Nodes are numbers, the root 0. */
class Trie {
  readonly #children = new Map<number, number>();
  readonly #pieces = [-1];

  add(text: string, id: number): void {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      const key = node * codes + text.charCodeAt(at);
      let child = this.#children.get(key);
      if (child === undefined) {
        child = this.#pieces.push(-1) - 1;
        this.#children.set(key, child);
      }
      node = child;
    }
    this.#pieces[node] = id;
  }

  /** -1 for none. */
  child(node: number, code: number): number {
    return this.#children.get(node * codes + code) ?? -1;
  }

  pieceAt(node: number): number {
    return this.#pieces[node] ?? -1;
  }
}
