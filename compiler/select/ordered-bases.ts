import type { AdapterDeclaration, Placement } from "../../grammar/index.ts";
import { type Adaptable, Evaluator, type ModelElaborator, Trace } from "../elaborate/index.ts";
import { placedName } from "../load/index.ts";
import { basesUnder, type Element } from "./elements.ts";
import { expandSelectors } from "./patterns.ts";
import { type Selection, SelectorResolver } from "./select.ts";
import { variantFor, wrapsOf } from "./wrapped.ts";

/** What the placements of each adapter are on, by what it is called where it is placed, in the order in which the model has that. */
export function orderedBases(
  placements: readonly Placement[],
  elements: readonly Element[],
  elaborator: ModelElaborator,
): ReadonlyMap<string, readonly Adaptable[]> {
  const order = new Map(elements.flatMap((each, index) => baseOf(each).map((base) => [base, index] as const)));
  // What is wrong with a placement is said where it is placed.
  const resolver = new SelectorResolver(elements);
  const found = new Map<string, Adaptable[]>();
  for (const placement of placements) {
    const selections = resolver.select(expandSelectors(placement.selectors));
    const except = resolver.select(expandSelectors(placement.except)).flatMap((each) => each.elements);
    const left = new Set(except.flatMap(basesUnder));
    const place = (): void => {
      const evaluator = new Evaluator(elaborator.strictTrace(), elaborator.calls);
      const { environment } = elaborator.files.of(elaborator.declaration.span.source);
      const callee = evaluator.evaluate(placement.adapter.callee, environment);
      if (callee.kind !== "callable" || callee.callable.kind !== "adapter") return;
      const declaration = callee.callable;
      const fitting = fittingElements(declaration, meantSelections(declaration, selections, elaborator), elaborator);
      const name = placedName(declaration);
      const targets = [...new Set(fitting.flatMap(baseOf))].filter((base) => !left.has(base));
      found.set(name, [...(found.get(name) ?? []), ...targets]);
    };
    Trace.attempt(place, () => undefined);
  }
  for (const bases of found.values()) bases.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  return found;
}

export function baseOf({ instance, parameter }: Element): readonly Adaptable[] {
  const base = instance ?? parameter;
  return base === null ? [] : [base];
}

/** Of a name that modules and parameters have, an adapter means what it wraps; all of them where that is nothing. */
export function meantSelections(
  declaration: AdapterDeclaration,
  selections: readonly Selection[],
  elaborator: ModelElaborator,
): readonly Selection[] {
  const kinds = wrapsOf(declaration, elaborator);
  return selections.map((selection) => {
    const fit = selection.elements.filter(({ instance }) => kinds.has(instance === null ? "parameter" : "modules"));
    return fit.length > 0 ? { ...selection, elements: fit } : selection;
  });
}

/** What an adapter, or one that stands for it, can stand around. */
export function fittingElements(
  declaration: AdapterDeclaration,
  selections: readonly Selection[],
  elaborator: ModelElaborator,
): readonly Element[] {
  return selections.flatMap(({ elements }) =>
    elements.filter((element) => variantFor(declaration, element, elaborator) !== null),
  );
}
