import { createSource, type Diagnostic } from "../../../grammar/index.ts";
import type { ModuleInstance } from "../../elaborate/index.ts";
import {
  type Element,
  expandSelectors,
  parseSelectors,
  type Selection,
  SelectorResolver,
  selectedModules,
} from "../../select/index.ts";
import type { Encoder } from "./regions.ts";
import type { PlaceProblem } from "./types.ts";

/** What `--on` selects, selector by selector, with all modules at and under it. */
export type Allowed = readonly { readonly text: string; readonly modules: ReadonlySet<ModuleInstance> }[];

/** Reads the selectors of what may be adapted, or says what is wrong with them. */
export function readAllowed(on: string, elements: readonly Element[]): Allowed | readonly Diagnostic[] {
  const { selectors, diagnostics } = parseSelectors(createSource("--on", on));
  if (diagnostics.length > 0) return diagnostics;
  const resolver = new SelectorResolver(elements);
  const selections = resolver.select(expandSelectors(selectors));
  if (resolver.diagnostics.length > 0) return resolver.diagnostics.map((each) => placedIn(each, on));
  return selections.map((selection) => ({ text: selection.pattern.text, modules: modulesUnder(selection) }));
}

/** The text that selectors are parsed in is longer than they are: the places of a diagnostic are in what was given. */
function placedIn(diagnostic: Diagnostic, on: string): Diagnostic {
  const { span } = diagnostic;
  if (span === null) return diagnostic;
  const from = span.source.text.indexOf(on);
  const source = createSource("--on", on);
  return { ...diagnostic, span: { source, start: span.start - from, end: span.end - from } };
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
