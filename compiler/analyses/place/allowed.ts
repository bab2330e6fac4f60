import { createSource, type Diagnostic } from "../../../grammar/index.ts";
import type { ModuleInstance } from "../../elaborate/index.ts";
import { type Element, type Selection, selectedModules, selectText } from "../../select/index.ts";
import type { Encoder } from "./regions.ts";
import type { PlaceProblem } from "./types.ts";

/** What `--on` selects, selector by selector, with all modules at and under it. */
export type Allowed = readonly { readonly text: string; readonly modules: ReadonlySet<ModuleInstance> }[];

/** Reads the selectors of what may be adapted, or says what is wrong with them. */
export function readAllowed(on: string, elements: readonly Element[]): Allowed | readonly Diagnostic[] {
  const { selections, diagnostics } = selectText(createSource("--on", on), elements);
  if (diagnostics.length > 0) return diagnostics;
  return selections.map((selection) => ({ text: selection.pattern.text, modules: modulesUnder(selection) }));
}

function modulesUnder(selection: Selection): ReadonlySet<ModuleInstance> {
  const modules = new Set<ModuleInstance>();
  const visit = (module: ModuleInstance): void => {
    modules.add(module);
    module.children.forEach(visit);
  };
  selectedModules([selection]).forEach(visit);
  return modules;
}

/** Refuses a selector that holds no role of an encoder or a stage as a whole, such as a few layers of one. */
export function checkAllowed(allowed: Allowed, encoders: readonly Encoder[]): PlaceProblem | null {
  const taken = new Set(
    encoders
      .flatMap(({ whole, stages }) => [whole, ...stages])
      .flatMap(({ classes }) => classes.flatMap(({ modules }) => modules)),
  );
  const useless = allowed.find(({ modules }) => ![...modules].some((module) => taken.has(module)));
  if (useless === undefined) return null;
  return {
    rule: `\`${useless.text}\` has no role of an encoder or a stage as a whole that can be adapted`,
    help: "placements are tried on whole roles, such as `vision.attn.q`, and on whole stages, such as `vision.spatial`",
  };
}
