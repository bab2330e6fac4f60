import type { AdapterDeclaration } from "../../grammar/index.ts";
import { type Diagnostic, didYouMean, type Fix, type Placement, printPlacement, report } from "../../grammar/index.ts";
import { at } from "../at.ts";
import {
  type AdapterInstance,
  describe,
  Environment,
  Evaluator,
  type ModelElaborator,
  type ModuleInstance,
} from "../elaborate/index.ts";
import { placedName } from "../load/index.ts";
import { modulesUnder } from "./elements.ts";
import { LayerArguments } from "./layer-arguments.ts";
import { expandSelectors, isExact, type Pattern } from "./patterns.ts";
import { printRole, type Selection, type SelectorResolver, selectedModules } from "./select.ts";

/** One placement line with what it did. */
export interface PlacedAdapters {
  readonly placement: Placement;
  /** The line as it was written. */
  readonly text: string;
  readonly selections: readonly Selection[];
  readonly adapters: readonly { readonly base: ModuleInstance; readonly adapter: AdapterInstance }[];
}

/** Puts the adapters of a placement around the modules that it selects. */
export function placeAdapters(
  placement: Placement,
  resolver: SelectorResolver,
  elaborator: ModelElaborator,
): PlacedAdapters {
  const { diagnostics } = elaborator;
  const selections = resolver.select(expandSelectors(placement.selectors));
  const except = new Set<ModuleInstance>();
  const selected = selectedModules(selections);
  for (const { pattern, elements } of resolver.select(expandSelectors(placement.except))) {
    const below = elements.flatMap(({ instance }) => (instance === null ? [] : modulesUnder(instance)));
    for (const module of below) except.add(module);
    // Where nothing is selected, that is what is wrong.
    if (selected.size > 0 && !below.some((module) => selected.has(module)))
      diagnostics.push(report("nothing-excepted", pattern.span, { selector: pattern.text }));
  }
  const adapters: { readonly base: ModuleInstance; readonly adapter: AdapterInstance }[] = [];
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
    const targets = [...selected].filter(
      (instance) => !except.has(instance) && variantFor(declaration, instance, elaborator) !== null,
    );
    const byLayer = new LayerArguments(declaration, passed, targets, evaluator, elaborator.calls);
    const seen = new Set<ModuleInstance>();
    for (const { pattern, elements } of selections) {
      const isOpen = !isExact(pattern.segments.at(-1));
      if (
        isOpen &&
        !elements.some(({ instance }) => instance !== null && variantFor(declaration, instance, elaborator) !== null)
      ) {
        diagnostics.push(
          cannotAdapt(
            declaration,
            pattern,
            null,
            elements.find(({ instance }) => instance !== null)?.instance ?? null,
            elaborator,
          ),
        );
        continue;
      }
      for (const { instance, path } of elements) {
        if (instance !== null && except.has(instance)) continue;
        const variant = instance === null ? null : variantFor(declaration, instance, elaborator);
        if (instance === null || variant === null) {
          // A wildcard means those that can be adapted; a name means that one.
          if (isOpen) continue;
          diagnostics.push(cannotAdapt(declaration, pattern, path, instance, elaborator));
          break;
        }
        if (seen.has(instance)) continue;
        seen.add(instance);
        const [other] = instance.adapters;
        if (other !== undefined && !placement.also) {
          const params = { path, adapter: placedName(other.declaration) };
          const labels = [{ span: other.instance.span, message: "placed here" }];
          diagnostics.push(report("placed-twice", pattern.span, params, { labels, fixes: alsoOn(placement) }));
          break;
        }
        const given = byLayer.of(instance);
        const made = elaborator.instantiator.adapter(variant, given, placement.adapter.span, instance, evaluator);
        const adapter = { declaration: variant, instance: made };
        instance.adapters.push(adapter);
        adapters.push({ base: instance, adapter });
      }
    }
  });
  return { placement, text, selections, adapters };
}

/** The adapter that a placement of one puts around a module: itself, or what stands for it there; null where neither can. */
function variantFor(
  declaration: AdapterDeclaration,
  instance: ModuleInstance,
  elaborator: ModelElaborator,
): AdapterDeclaration | null {
  const variants = elaborator.files.variantsOf(declaration);
  return variants.find((each) => wrappedBy(each, instance, elaborator)) ?? null;
}

/** Writes `also` before the `on` of a placement. */
function alsoOn({ adapter, selectors }: Placement): readonly Fix[] {
  const { source, end } = adapter.span;
  const between = source.text.slice(end, selectors[0]?.span.start ?? end);
  const on = between.search(/\bon\b/);
  const span = { source, start: end + on, end: end + on };
  return on < 0 ? [] : [{ title: "write `also on`", span, text: "also ", isChoice: true }];
}

/** True when an adapter can stand around a module itself. */
export function wrappedBy(
  { wraps, span }: AdapterDeclaration,
  instance: ModuleInstance,
  elaborator: ModelElaborator,
): boolean {
  const { environment } = elaborator.files.of(span.source);
  if (wraps.length === 0) return true;
  return wraps.some(({ text }) => {
    const [first = "", second] = text.split(".");
    const found = environment.lookup(first);
    const value = second !== undefined && found?.kind === "imported" ? found.values.get(second) : found;
    return value?.kind === "callable" && value.callable === instance.declaration;
  });
}

/** `path` is that of the module that a name means, null where a wildcard means nothing that can be adapted. */
function cannotAdapt(
  declaration: AdapterDeclaration,
  pattern: Pattern,
  path: string | null,
  instance: ModuleInstance | null,
  elaborator: ModelElaborator,
): Diagnostic {
  const adapter = declaration.name.text;
  const module = instance?.declaration.name.text ?? "a parameter";
  const component = elaborator
    .components()
    .find((each) => "instance" in each && each.instance.steps[0] === instance?.steps[0]);
  const whole = component === undefined || !("instance" in component) ? null : component.instance;
  const below = instance === null || path === null ? [] : adaptable(declaration, instance, pattern.text, elaborator);
  const around = whole === null ? [] : adaptable(declaration, whole, whole.path, elaborator);
  const choices = below.length > 0 ? below : around;
  const wrapped = elaborator.files.variantsOf(declaration).flatMap(({ wraps: names }) => names.map(({ text }) => text));
  const wraps = `\`${adapter}\` adapts ${[...new Set(wrapped)].map((text) => `\`${text}\``).join(", ")}`;
  const help =
    choices.length === 0 ? wraps : (didYouMean(pattern.text, choices) ?? `${wraps}; there are ${choices.join(", ")}`);
  if (path === null) return report("adapts-nothing", pattern.span, { adapter, selector: pattern.text }, { help });
  return report("cannot-adapt", pattern.span, { adapter, path, module }, { help });
}

/** What an adapter can adapt below a module, as selectors by role where there is one. */
function adaptable(
  declaration: AdapterDeclaration,
  instance: ModuleInstance,
  prefix: string,
  elaborator: ModelElaborator,
): readonly string[] {
  const found = new Set<string>();
  const visit = (module: ModuleInstance): void => {
    if (module !== instance && variantFor(declaration, module, elaborator) !== null) {
      const last = at(module.steps, module.steps.length - 1).name;
      found.add(`${prefix}.${module.role === null ? last : printRole(module.role)}`);
    }
    module.children.forEach(visit);
  };
  visit(instance);
  return [...found].slice(0, 8);
}
