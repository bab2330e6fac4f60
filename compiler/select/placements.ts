import { type Fix, type Placement, printPlacement, report } from "../../grammar/index.ts";
import {
  type Adaptable,
  type AdapterInstance,
  describe,
  Environment,
  Evaluator,
  type ModelElaborator,
} from "../elaborate/index.ts";
import { placedName } from "../load/index.ts";
import { cannotAdapt } from "./cannot-adapt.ts";
import { basesUnder } from "./elements.ts";
import { LayerArguments } from "./layer-arguments.ts";
import { baseOf, fittingElements, meantSelections } from "./ordered-bases.ts";
import { expandSelectors, isExact } from "./patterns.ts";
import { type Selection, type SelectorResolver, selectedBases } from "./select.ts";
import { variantFor } from "./wrapped.ts";

/** One placement line with what it did. */
export interface PlacedAdapters {
  readonly placement: Placement;
  /** The line as it was written. */
  readonly text: string;
  readonly selections: readonly Selection[];
  readonly adapters: readonly { readonly base: Adaptable; readonly adapter: AdapterInstance }[];
  /** What is selected and left out by `except`. */
  readonly except: ReadonlySet<Adaptable>;
}

/** Puts the adapters of a placement around the modules and parameters that it selects. */
export function placeAdapters(
  placement: Placement,
  resolver: SelectorResolver,
  elaborator: ModelElaborator,
): PlacedAdapters {
  const { diagnostics } = elaborator;
  const selections = resolver.select(expandSelectors(placement.selectors));
  const except = new Set<Adaptable>();
  const selected = selectedBases(selections);
  for (const { pattern, elements } of resolver.select(expandSelectors(placement.except))) {
    const below = elements.flatMap(basesUnder);
    for (const base of below) except.add(base);
    // Where nothing is selected, that is what is wrong.
    if (selected.size > 0 && !below.some((base) => selected.has(base)))
      diagnostics.push(report("nothing-excepted", pattern.span, { selector: pattern.text }));
  }
  const adapters: { readonly base: Adaptable; readonly adapter: AdapterInstance }[] = [];
  const text = printPlacement(placement);
  elaborator.attempt(() => {
    const evaluator = new Evaluator(elaborator.strictTrace(), elaborator.calls);
    const { environment } = elaborator.files.of(elaborator.declaration.span.source);
    const callee = evaluator.evaluate(placement.adapter.callee, environment);
    if (callee.kind !== "callable" || callee.callable.kind !== "adapter") {
      return evaluator.trace.fail("not-callable", placement.adapter.callee.span, { found: describe(callee) });
    }
    const declaration = callee.callable;
    const passed = evaluator.passed(callee, placement.adapter.arguments, new Environment(elaborator.names));
    const candidates = meantSelections(declaration, selections, elaborator);
    const fitting = fittingElements(declaration, candidates, elaborator).flatMap(baseOf);
    const targets = [...new Set(fitting)].filter((base) => !except.has(base));
    const byLayer = new LayerArguments(declaration, passed, targets, evaluator, elaborator.calls);
    const seen = new Set<Adaptable>();
    for (const { pattern, elements } of candidates) {
      const isOpen = !isExact(pattern.segments.at(-1));
      if (isOpen && !elements.some((element) => variantFor(declaration, element, elaborator) !== null)) {
        diagnostics.push(cannotAdapt(declaration, pattern, null, elements[0] ?? null, elaborator));
        continue;
      }
      for (const element of elements) {
        const { path } = element;
        const [base] = baseOf(element);
        if (base !== undefined && except.has(base)) continue;
        const variant = variantFor(declaration, element, elaborator);
        if (base === undefined || variant === null) {
          // A wildcard means those that can be adapted; a name means that one.
          if (isOpen) continue;
          diagnostics.push(cannotAdapt(declaration, pattern, path, element, elaborator));
          break;
        }
        if (seen.has(base)) continue;
        seen.add(base);
        const [other] = base.adapters;
        if (other !== undefined && !placement.also) {
          const params = { path, adapter: placedName(other.declaration) };
          const labels = [{ span: other.instance.span, message: "placed here" }];
          diagnostics.push(report("placed-twice", pattern.span, params, { labels, fixes: alsoOn(placement) }));
          break;
        }
        const given = byLayer.of(base);
        const made = elaborator.instantiator.adapter(variant, given, placement.adapter.span, base, evaluator);
        const adapter = { declaration: variant, instance: made };
        base.adapters.push(adapter);
        adapters.push({ base, adapter });
      }
    }
  });
  return { placement, text, selections, adapters, except: new Set([...except].filter((base) => selected.has(base))) };
}

/** Writes `also` before the `on` of a placement. */
function alsoOn({ adapter, selectors }: Placement): readonly Fix[] {
  const { source, end } = adapter.span;
  const between = source.text.slice(end, selectors[0]?.span.start ?? end);
  const on = between.search(/\bon\b/);
  const span = { source, start: end + on, end: end + on };
  return on < 0 ? [] : [{ title: "write `also on`", span, text: "also ", isChoice: true }];
}
