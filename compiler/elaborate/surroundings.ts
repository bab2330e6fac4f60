import type { ModelMember, ModuleMember, ParamMember } from "../../grammar/index.ts";
import { Environment, type ModuleInstance } from "./values.ts";

/** What the declaration of a parameter knows. */
export interface Surroundings {
  /** For its type and its condition. */
  readonly environment: Environment;
  /** For its first value: the members that are declared before it, too. */
  readonly before: Environment;
  /** Its own name, and those of what is declared after it. */
  readonly later: () => ReadonlySet<string>;
}

/** What the declaration of a parameter of a module or an adapter knows. */
export function surroundingsOf(member: ParamMember, instance: ModuleInstance): Surroundings {
  const { declaration, environment } = instance;
  return { environment, before: madeSoFar(instance), later: () => namesFrom(declaration.members, member) };
}

/** What a module's arguments and lets are, and its members so far. */
export function madeSoFar({ environment, members }: ModuleInstance): Environment {
  const before = new Environment(environment);
  for (const [name, value] of members) before.define(name, value);
  return before;
}

/** The names of a parameter and of the parameters, parts and encoders that are declared after it. */
export function namesFrom(members: readonly (ModuleMember | ModelMember)[], member: ParamMember): ReadonlySet<string> {
  return new Set(
    members.slice(members.indexOf(member)).flatMap((each) => {
      const isMade = each.kind === "param" || each.kind === "part" || each.kind === "encoder";
      return isMade ? [each.name.text] : [];
    }),
  );
}
