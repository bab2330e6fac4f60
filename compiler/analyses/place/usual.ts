import type { RolesDeclaration } from "../../../grammar/index.ts";
import type { RoleClass } from "./regions.ts";

/** What papers adapt, as the roles of `std/roles` say it: `attn.qkv`, `attn.q,v`, all of attention, all of both parts. */
const usualAtoms: readonly (readonly string[])[] = [
  ["attn.k", "attn.q", "attn.v"],
  ["attn.q", "attn.v"],
  ["attn.k", "attn.o", "attn.q", "attn.v"],
  ["attn.k", "attn.o", "attn.q", "attn.v", "ff.down", "ff.up"],
];

interface ChosenRoles {
  readonly family: RolesDeclaration;
  readonly atoms: ReadonlySet<string>;
  readonly names: readonly string[];
}

/** 0 for a group that papers use, 1 for a family's one role or all that a region has of it, 2 for all others. */
export function unusualGroup(chosen: readonly ChosenRoles[], inRegion: readonly RoleClass[]): number {
  const atoms = chosen.flatMap((each) => [...each.atoms].map((atom) => `${each.family.family.text}.${atom}`)).sort();
  if (usualAtoms.some((usual) => usual.length === atoms.length && usual.every((atom, index) => atom === atoms[index])))
    return 0;
  const isWhole = chosen.every(({ family, atoms: some }) =>
    inRegion.every((each) => each.family !== family || [...each.atoms].every((atom) => some.has(atom))),
  );
  const [only, ...more] = chosen;
  return isWhole || (more.length === 0 && only?.names.length === 1) ? 1 : 2;
}

/** How far a rank is from what is usual: 0 for powers of two, 1 for multiples of 8, then of 4, then of 2. */
export function unusualRank(rank: number): number {
  if (Number.isInteger(Math.log2(rank))) return 0;
  if (rank % 8 === 0) return 1;
  if (rank % 4 === 0) return 2;
  return rank % 2 === 0 ? 3 : 4;
}
