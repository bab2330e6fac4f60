import type { RolesDeclaration } from "../../grammar/index.ts";

/** One step of a path: a part's name, and its number when the part is a list. */
export interface Step {
  readonly name: string;
  readonly index: number | null;
  /** How many members the list has. */
  readonly count: number | null;
}

/** What a projection is for: one role of a family, or a group of them. */
export interface Role {
  readonly family: RolesDeclaration;
  readonly name: string;
  /** The roles that are no groups, of which this one is made. */
  readonly atoms: ReadonlySet<string>;
}

/** Steps as a selector writes them. */
export function printSteps(steps: readonly Step[]): string {
  return steps.map(({ name, index }) => (index === null ? name : `${name}[${index}]`)).join(".");
}

/** The layer that steps lead into, of the innermost list: `vision.spatial.layers`, and 3 of it; null where they lead into none. */
export function innermostList(
  steps: readonly Step[],
): { readonly list: string; readonly index: number; readonly count: number; readonly below: readonly Step[] } | null {
  const at = steps.findLastIndex(({ index }) => index !== null);
  const step = steps[at];
  if (step === undefined || step.index === null || step.count === null) return null;
  const list = printSteps([...steps.slice(0, at), { ...step, index: null }]);
  return { list, index: step.index, count: step.count, below: steps.slice(at + 1) };
}
