import { type Expression, type File, type Placement, printExpression, printPlacement } from "../../../grammar/index.ts";
import { type AdapterKind, type SizeArguments, sizeArguments } from "../../adapters/index.ts";

/** The rank of the first adapters of a model; null where none is given as a number. */
export function rankOf(file: File, kinds: readonly AdapterKind[]): number | null {
  for (const placement of placementsOf(file)) {
    const rank = numberOf(placement, sizesOf(placement, kinds).rank);
    if (rank !== null) return rank;
  }
  return null;
}

/** The placements of a model as lines, with another rank where they have one; their alpha keeps its ratio to the rank. */
export function placementLines(file: File, kinds: readonly AdapterKind[], rank: number | null): readonly string[] {
  return placementsOf(file).map((placement) =>
    printPlacement(rank === null ? placement : withRank(placement, sizesOf(placement, kinds), rank)),
  );
}

function placementsOf(file: File): readonly Placement[] {
  const model = file.items.find((item) => item.kind === "model");
  return model?.members.filter((member) => member.kind === "placement") ?? [];
}

function sizesOf({ adapter }: Placement, kinds: readonly AdapterKind[]): SizeArguments {
  const called = printExpression(adapter.callee);
  return sizeArguments(kinds.find(({ name }) => name === called) ?? null);
}

function withRank(placement: Placement, sizes: SizeArguments, rank: number): Placement {
  const before = numberOf(placement, sizes.rank);
  if (before === null) return placement;
  const alpha = numberOf(placement, sizes.alpha);
  const given = placement.adapter.arguments.map((each) => {
    const name = each.name?.text ?? null;
    if (name !== null && name === sizes.rank) return { ...each, value: numberLike(each.value, rank) };
    if (alpha === null || name === null || name !== sizes.alpha) return each;
    return { ...each, value: numberLike(each.value, (alpha * rank) / before) };
  });
  return { ...placement, adapter: { ...placement.adapter, arguments: given } };
}

function numberOf({ adapter }: Placement, name: string | null): number | null {
  const value = name === null ? null : adapter.arguments.find((each) => each.name?.text === name)?.value;
  return value?.kind === "number" ? value.value : null;
}

function numberLike({ span }: Expression, value: number): Expression {
  return { kind: "number", text: String(value), value, span };
}
