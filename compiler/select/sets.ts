/** What Node 20's sets cannot do by themselves. */

export function union<Item>(sets: Iterable<ReadonlySet<Item>>): ReadonlySet<Item> {
  const all = new Set<Item>();
  for (const set of sets) for (const item of set) all.add(item);
  return all;
}

export function difference<Item>(a: ReadonlySet<Item>, b: ReadonlySet<Item>): ReadonlySet<Item> {
  return new Set([...a].filter((item) => !b.has(item)));
}

/** How many items two sets share. */
export function shared<Item>(a: ReadonlySet<Item>, b: ReadonlySet<Item>): number {
  let count = 0;
  for (const item of a) if (b.has(item)) count++;
  return count;
}

export function isSubset<Item>(a: ReadonlySet<Item>, b: ReadonlySet<Item>): boolean {
  return shared(a, b) === a.size;
}
