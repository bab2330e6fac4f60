/** The element at a place that there has to be: an internal error where there is none, instead of a value that hides it. */
export function at<Element>(elements: ArrayLike<Element>, place: number): Element {
  const element = elements[place];
  if (element === undefined) throw new Error(`there is no element ${place} of ${elements.length}`);
  return element;
}

/** How often something was counted: 0 before it ever was. */
export function countAt<Key>(counts: Pick<ReadonlyMap<Key, number>, "get">, key: Key): number {
  return counts.get(key) ?? 0;
}
