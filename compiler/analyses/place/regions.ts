import type { RolesDeclaration } from "../../../grammar/index.ts";
import { at } from "../../at.ts";
import type { ModuleInstance } from "../../elaborate/index.ts";
import type { Element } from "../../select/index.ts";

/** Roles of a family that can only be adapted together here, because some projection fuses them, and who has them. */
export interface RoleClass {
  readonly family: RolesDeclaration;
  readonly atoms: ReadonlySet<string>;
  readonly modules: readonly ModuleInstance[];
}

/** What a selector can stand for as a whole: an encoder, or one stage of it. */
export interface Region {
  /** `vision` or `vision.spatial` */
  readonly selector: string;
  readonly isStage: boolean;
  readonly classes: readonly RoleClass[];
}

/** One encoder, or a part of the model, with the stages that it can be taken apart into. */
export interface Encoder {
  readonly whole: Region;
  readonly stages: readonly Region[];
}

/** What a kind of adapter may be placed on. */
export type MayAdapt = (module: ModuleInstance) => boolean;

/**
 * The encoders of a model with their stages. A stage is a named child of an encoder (no list) in which some, but not all,
 * of its projections are. A class of roles is there when all modules that a selector of it selects may be adapted.
 */
export function encodersOf(elements: readonly Element[], mayAdapt: MayAdapt): readonly Encoder[] {
  const withRoles = elements.filter(
    ({ instance, parameter, ofAdapter }) => !ofAdapter && (instance?.role ?? parameter?.role ?? null) !== null,
  );
  const names = new Set(withRoles.map(({ steps }) => at(steps, 0).name));
  return [...names].map((name) => {
    const own = withRoles.filter(({ steps }) => steps[0]?.name === name);
    const whole = { selector: name, isStage: false, classes: classesOf(own, mayAdapt) };
    const stages = stageNames(own).map((stage) => {
      const inside = own.filter(({ steps }) => steps[1]?.name === stage);
      return { selector: `${name}.${stage}`, isStage: true, classes: classesOf(inside, mayAdapt) };
    });
    return { whole, stages: stages.filter(({ classes }) => classes.length > 0) };
  });
}

/** Children that are no lists and hold a part of the projections; a name that recurs below another child selects both. */
function stageNames(elements: readonly Element[]): readonly string[] {
  const names = new Set(
    elements.flatMap(({ steps }) => (steps.length > 2 && steps[1]?.index === null ? [steps[1].name] : [])),
  );
  return [...names].filter((name) => {
    const inside = elements.filter(({ steps }) => steps[1]?.name === name);
    const named = elements.filter(({ steps }) => steps.slice(1).some((step) => step.name === name));
    return inside.length < elements.length && named.length === inside.length;
  });
}

/** Joins roles that some projection fuses, family by family, and keeps the classes of which every member may be adapted. */
function classesOf(elements: readonly Element[], mayAdapt: MayAdapt): readonly RoleClass[] {
  const joined: { family: RolesDeclaration; atoms: Set<string>; members: Element[] }[] = [];
  for (const element of elements) {
    const role = element.instance?.role ?? element.parameter?.role ?? null;
    if (role === null) continue;
    const made = { family: role.family, atoms: new Set(role.atoms), members: [element] };
    const shares = ({ family, atoms }: (typeof joined)[number]): boolean =>
      family === role.family && [...atoms].some((atom) => made.atoms.has(atom));
    for (const known of joined.filter(shares)) {
      for (const atom of known.atoms) made.atoms.add(atom);
      made.members.unshift(...known.members);
      joined.splice(joined.indexOf(known), 1);
    }
    joined.push(made);
  }
  return joined.flatMap(({ family, atoms, members }) => {
    const modules = members.flatMap(({ instance }) => (instance !== null && mayAdapt(instance) ? [instance] : []));
    return modules.length === members.length ? [{ family, atoms, modules }] : [];
  });
}
