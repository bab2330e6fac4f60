import type { RolesDeclaration } from "../../../grammar/index.ts";
import { atomsOf } from "../../elaborate/index.ts";
import type { Region, RoleClass } from "./regions.ts";
import { unusualGroup } from "./usual.ts";

/** Some of the roles of a region, as a placement selects them. */
export interface Group {
  readonly region: Region;
  readonly classes: readonly RoleClass[];
  /** `vision.attn.qkv,o, vision.ff.up` */
  readonly selectors: string;
  /** How many selectors that is, 3. */
  readonly selectorCount: number;
  /** How far it is from what is usual: 0, 1 or 2. */
  readonly unusual: number;
}

/** Every group of a region: each set of its classes but the empty one. */
export function groupsOf(region: Region): readonly Group[] {
  const { classes } = region;
  return Array.from({ length: 2 ** classes.length - 1 }, (_, index) => {
    const chosen = classes.filter((_, position) => ((index + 1) >> position) % 2 === 1);
    const families = [...new Set(chosen.map(({ family }) => family))];
    const written = families.map((family) => {
      const atoms = new Set(chosen.flatMap((each) => (each.family === family ? [...each.atoms] : [])));
      const names = namesFor(family, atoms);
      return { names, family, atoms, text: `${region.selector}.${family.family.text}.${names.join(",")}` };
    });
    return {
      region,
      classes: chosen,
      selectors: written.map(({ text }) => text).join(", "),
      selectorCount: written.reduce((sum, { names }) => sum + names.length, 0),
      unusual: unusualGroup(written, classes),
    };
  });
}

/** The fewest roles of a family that are these atoms together; wide ones first. */
function namesFor(family: RolesDeclaration, atoms: ReadonlySet<string>): readonly string[] {
  const candidates = family.roles
    .map(({ name }) => ({ name: name.text, atoms: atomsOf(family, name.text) }))
    .filter((role) => [...role.atoms].every((atom) => atoms.has(atom)))
    .sort((a, b) => b.atoms.size - a.atoms.size);
  for (let size = 1; size <= candidates.length; size++) {
    const found = coverWith(candidates, new Set(atoms), size);
    if (found !== null) return found;
  }
  throw new Error("a family's atoms are roles of it");
}

function coverWith(
  candidates: readonly { readonly name: string; readonly atoms: ReadonlySet<string> }[],
  missing: ReadonlySet<string>,
  size: number,
): readonly string[] | null {
  if (missing.size === 0) return [];
  if (size === 0) return null;
  for (const [index, { name, atoms }] of candidates.entries()) {
    const left = new Set([...missing].filter((atom) => !atoms.has(atom)));
    const more = left.size === missing.size ? null : coverWith(candidates.slice(index + 1), left, size - 1);
    if (more !== null) return [name, ...more];
  }
  return null;
}
