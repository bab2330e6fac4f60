/** Which examples are drawn together when intervals are made. */
export interface Groups {
  /** What a group is: `patient`, `scan`, `volume`, or the name of a column. */
  readonly by: string;
  /** For each example the number of its group. */
  readonly of: Int32Array;
  readonly count: number;
}

/** Groups by the names of each example's; numbered by name, so that the order of examples changes no interval. */
export function groupBy(by: string, names: readonly string[]): Groups {
  const different = [...new Set(names)].sort();
  const numbers = new Map(different.map((name, number) => [name, number]));
  return { by, of: Int32Array.from(names, (name) => numbers.get(name) ?? 0), count: different.length };
}

/** Each example by itself. */
export function eachByItself(examples: number): Groups {
  return { by: "volume", of: Int32Array.from({ length: examples }, (_, example) => example), count: examples };
}
