import { type Expression, type File, type Placement, printPlacement } from "../../../grammar/index.ts";

/** The rank of the first adapters of a model; null where none is given as a number. */
export function rankOf(file: File): number | null {
  for (const placement of placementsOf(file)) {
    const rank = numberOf(placement, "rank");
    if (rank !== null) return rank;
  }
  return null;
}

/** The placements of a model as lines, with another rank where they have one; their alpha keeps its ratio to the rank. */
export function placementLines(file: File, rank: number | null): readonly string[] {
  return placementsOf(file).map((placement) => printPlacement(rank === null ? placement : withRank(placement, rank)));
}

function placementsOf(file: File): readonly Placement[] {
  const model = file.items.find((item) => item.kind === "model");
  return model?.members.filter((member) => member.kind === "placement") ?? [];
}

function withRank(placement: Placement, rank: number): Placement {
  const before = numberOf(placement, "rank");
  if (before === null) return placement;
  const alpha = numberOf(placement, "alpha");
  const values = new Map([["rank", rank], ...(alpha === null ? [] : [["alpha", (alpha * rank) / before] as const])]);
  const given = placement.adapter.arguments.map((each) => {
    const value = values.get(each.name?.text ?? "");
    return value === undefined ? each : { ...each, value: numberLike(each.value, value) };
  });
  return { ...placement, adapter: { ...placement.adapter, arguments: given } };
}

function numberOf({ adapter }: Placement, name: string): number | null {
  const value = adapter.arguments.find((each) => each.name?.text === name)?.value;
  return value?.kind === "number" ? value.value : null;
}

function numberLike({ span }: Expression, value: number): Expression {
  return { kind: "number", text: String(value), value, span };
}
