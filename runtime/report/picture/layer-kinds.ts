import type { Cell, Stage } from "./structure.ts";

/** Layers of a stage that are alike: of the same sizes, with the same adapters, frozen and trained alike. */
export interface LayerKind {
  /** `0–11`; `0, 2 … 98` with the same step between all; `0–2, 5`. */
  readonly indices: string;
  readonly count: number;
  /** Those of the first of them. */
  readonly cells: readonly (Cell | null)[];
}

/** The kinds of layers of a stage in the order of their first layers, so that a hundred equal layers are one row. */
export function kindsOf({ layers }: Stage): readonly LayerKind[] {
  const kinds = new Map<string, { readonly cells: Stage["layers"][number]["cells"]; readonly indices: number[] }>();
  for (const { index, cells } of layers) {
    const key = JSON.stringify(cells.map(lookOf));
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { cells, indices: [index] });
    else kind.indices.push(index);
  }
  return [...kinds.values()].map(({ cells, indices }) => ({
    cells,
    indices: printIndices(indices),
    count: indices.length,
  }));
}

/** What of a cell is not its place. */
function lookOf(cell: Cell | null): unknown {
  if (cell === null) return null;
  const { parameters, trained, adapters, shapes } = cell;
  return [
    parameters,
    trained,
    shapes,
    adapters.map((adapter) => [adapter.placement, adapter.parameters, adapter.isTrained]),
  ];
}

/** Numbers in rising order, in few words. */
export function printIndices(indices: readonly number[]): string {
  const [first = 0, second = 0] = indices;
  const last = indices.at(-1) ?? first;
  const step = second - first;
  if (indices.length > 3 && step > 1 && indices.every((index, place) => index === first + place * step)) {
    return `${first}, ${second} … ${last}`;
  }
  const runs: [from: number, to: number][] = [];
  for (const index of indices) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
