/** Whole numbers in their order as runs of those that follow one another, each by its first and its last. */
export function runsOf(sorted: readonly number[]): readonly { readonly first: number; readonly last: number }[] {
  const runs: { readonly first: number; last: number }[] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === number) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs;
}
