import type { RolesDeclaration } from "../../../grammar/index.ts";
import { atomsOf } from "../../elaborate/index.ts";
import type { RoleClass } from "./regions.ts";

interface ChosenRoles {
  readonly family: RolesDeclaration;
  readonly atoms: ReadonlySet<string>;
  readonly names: readonly string[];
}

/**
 * 0 for the widest groups that a family declares, such as `attn.qkv`, and for all that a region has of its families; 1 for one other
 * role, 2 for all others.
 */
export function unusualGroup(chosen: readonly ChosenRoles[], inRegion: readonly RoleClass[]): number {
  const isWhole = chosen.every(({ family, atoms: some }) =>
    inRegion.every((each) => each.family !== family || [...each.atoms].every((atom) => some.has(atom))),
  );
  const [only, ...more] = chosen;
  const isOne = more.length === 0 && only?.names.length === 1;
  if (isWhole || (isOne && isWidest(only))) return 0;
  return isOne ? 1 : 2;
}

/** True for a group of roles that is no part of another group. */
function isWidest({ family, atoms }: ChosenRoles): boolean {
  const groups = family.roles.map(({ name }) => atomsOf(family, name.text)).filter(({ size }) => size >= atoms.size);
  const holding = groups.filter((group) => [...atoms].every((atom) => group.has(atom)));
  return atoms.size > 1 && holding.length > 0 && holding.every(({ size }) => size === atoms.size);
}

/** How far a rank is from what is usual: 0 for powers of two, 1 for multiples of 8, then of 4, then of 2. */
export function unusualRank(rank: number): number {
  if (Number.isInteger(Math.log2(rank))) return 0;
  if (rank % 8 === 0) return 1;
  if (rank % 4 === 0) return 2;
  return rank % 2 === 0 ? 3 : 4;
}
