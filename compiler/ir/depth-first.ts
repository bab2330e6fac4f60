/** One value that is being computed, and those before it that are known already. */
interface Frame<Key, Result> {
  readonly key: Key;
  readonly needed: readonly Key[];
  readonly results: Result[];
}

/**
 * A function that computes what follows from a key and from the results of others, each once and in the order of a recursion:
 * `needs` names the others, `compute` gets their results. It does not recurse, so that a graph may be as deep as it likes.
 */
export function memoizeDepthFirst<Key, Result>(
  needs: (key: Key) => readonly Key[],
  compute: (key: Key, results: readonly Result[]) => Result,
): (key: Key) => Result {
  // A result is kept in an object, so that one that is `undefined` is known too.
  const known = new Map<Key, { readonly result: Result }>();
  const frameOf = (key: Key): Frame<Key, Result> => ({ key, needed: needs(key), results: [] });
  return (key) => {
    const first = known.get(key);
    if (first !== undefined) return first.result;
    const frames = [frameOf(key)];
    for (;;) {
      const frame = frames.at(-1);
      if (frame === undefined) throw new Error("the first frame ends the walk");
      const { needed, results } = frame;
      const next = needed[results.length];
      if (results.length < needed.length && next !== undefined) {
        const found = known.get(next);
        if (found === undefined) frames.push(frameOf(next));
        else results.push(found.result);
        continue;
      }
      const result = compute(frame.key, results);
      known.set(frame.key, { result });
      frames.pop();
      if (frames.length === 0) return result;
      frames.at(-1)?.results.push(result);
    }
  };
}
