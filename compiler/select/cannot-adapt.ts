import {
  type AdapterDeclaration,
  type Diagnostic,
  didYouMean,
  type Help,
  report,
  type Wraps,
} from "../../grammar/index.ts";
import { at } from "../at.ts";
import type { ModelElaborator, ModuleInstance, ParameterInstance } from "../elaborate/index.ts";
import { printType } from "../ir/index.ts";
import type { Element } from "./elements.ts";
import type { Pattern } from "./patterns.ts";
import { printRole } from "./select.ts";
import { wrappedBy, wrapsOf, wrapsParameter } from "./wrapped.ts";

/** Choices that are listed. */
const mostChoices = 8;

/** `path` is that of what a name means, null where a wildcard means nothing that can be adapted. */
export function cannotAdapt(
  declaration: AdapterDeclaration,
  pattern: Pattern,
  path: string | null,
  element: Element | null,
  elaborator: ModelElaborator,
): Diagnostic {
  const adapter = declaration.name.text;
  const isOfParameters = wrapsOf(declaration, elaborator).has("parameter");
  const help = helpFor(declaration, pattern, path, isOfParameters || element?.instance ? element : null, elaborator);
  if (path === null) return report("adapts-nothing", pattern.span, { adapter, selector: pattern.text }, { help });
  if (isOfParameters && element !== null && element.parameter !== null) {
    const found = foundOf(element.parameter, element.ofAdapter);
    return report("wrong-parameter", pattern.span, { adapter, path, found }, { help });
  }
  const module = element?.instance?.declaration.name.text ?? "a parameter";
  return report("cannot-adapt", pattern.span, { adapter, path, module }, { help });
}

function foundOf({ type, storage }: ParameterInstance, ofAdapter: boolean): string {
  if (ofAdapter) return "a parameter of an adapter";
  return storage === "buffer" ? "a buffer" : `\`${printType(type)}\``;
}

/** What the adapter adapts, and what there is of that under what was named, or around it. */
function helpFor(
  declaration: AdapterDeclaration,
  pattern: Pattern,
  path: string | null,
  element: Element | null,
  elaborator: ModelElaborator,
): Help {
  const adapter = declaration.name.text;
  const component = elaborator
    .components()
    .find((each) => "instance" in each && each.instance.steps[0] === element?.steps[0]);
  const whole = component === undefined || !("instance" in component) ? null : component.instance;
  const instance = element?.instance ?? null;
  const below = instance === null || path === null ? [] : adaptable(declaration, instance, pattern.text, elaborator);
  const around = whole === null ? [] : adaptable(declaration, whole, whole.path, elaborator);
  const choices = below.length > 0 ? below : around;
  const wrapped = elaborator.files.variantsOf(declaration).flatMap(({ wraps }) => writtenIn(wraps));
  const wraps = `\`${adapter}\` adapts ${[...new Set(wrapped)].map((text) => `\`${text}\``).join(", ")}`;
  if (choices.length === 0) return wraps;
  return didYouMean(pattern.text, choices) ?? `${wraps}; there are ${choices.join(", ")}`;
}

/** What an adapter wraps, as its declaration writes it. */
function writtenIn(wraps: Wraps): readonly string[] {
  if (wraps.kind === "modules") return wraps.names.map(({ text }) => text);
  const { source, start, end } = wraps.type.span;
  return [source.text.slice(start, end)];
}

/** What an adapter can adapt below a module, as selectors by role where there is one. */
function adaptable(
  declaration: AdapterDeclaration,
  instance: ModuleInstance,
  prefix: string,
  elaborator: ModelElaborator,
): readonly string[] {
  const found = new Set<string>();
  const variants = elaborator.files.variantsOf(declaration);
  const visit = (module: ModuleInstance): void => {
    const last = at(module.steps, module.steps.length - 1).name;
    const own = module === instance ? prefix : `${prefix}.${module.role === null ? last : printRole(module.role)}`;
    if (module !== instance && variants.some((each) => wrappedBy(each, module, elaborator))) found.add(own);
    for (const parameter of module.parameters) {
      if (!variants.some((each) => wrapsParameter(each, parameter, elaborator))) continue;
      const { role, steps } = parameter;
      found.add(role === null ? `${own}.${at(steps, steps.length - 1).name}` : `${prefix}.${printRole(role)}`);
    }
    module.children.forEach(visit);
  };
  visit(instance);
  return [...found].slice(0, mostChoices);
}
