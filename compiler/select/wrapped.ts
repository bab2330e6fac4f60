import type { AdapterDeclaration, Wraps } from "../../grammar/index.ts";
import {
  bindSizes,
  Environment,
  Evaluator,
  type ModelElaborator,
  type ModuleInstance,
  type ParameterInstance,
} from "../elaborate/index.ts";
import type { Element } from "./elements.ts";

/** The adapter that a placement of one puts around an element: itself, or what stands for it there; null where neither can. */
export function variantFor(
  declaration: AdapterDeclaration,
  { instance, parameter, ofAdapter }: Element,
  elaborator: ModelElaborator,
): AdapterDeclaration | null {
  const wraps = (each: AdapterDeclaration): boolean => {
    if (instance !== null) return wrappedBy(each, instance, elaborator);
    // No adapter is around what another one adds.
    return parameter !== null && !ofAdapter && wrapsParameter(each, parameter, elaborator);
  };
  return elaborator.files.variantsOf(declaration).find(wraps) ?? null;
}

/** What an adapter and those that stand for it wrap: modules, parameters or both. */
export function wrapsOf(declaration: AdapterDeclaration, elaborator: ModelElaborator): ReadonlySet<Wraps["kind"]> {
  return new Set(elaborator.files.variantsOf(declaration).map(({ wraps }) => wraps.kind));
}

/** True when an adapter can stand around a module itself. */
export function wrappedBy(
  { wraps, span }: AdapterDeclaration,
  instance: ModuleInstance,
  elaborator: ModelElaborator,
): boolean {
  if (wraps.kind === "parameter") return false;
  const { environment } = elaborator.files.of(span.source);
  if (wraps.names.length === 0) return true;
  return wraps.names.some(({ text }) => {
    const [first = "", second] = text.split(".");
    const found = environment.lookup(first);
    const value = second !== undefined && found?.kind === "imported" ? found.values.get(second) : found;
    return value?.kind === "callable" && value.callable === instance.declaration;
  });
}

/** True when an adapter can stand around a parameter: one of its type, and no buffer, which nothing trains. */
export function wrapsParameter(
  { wraps, span }: AdapterDeclaration,
  { type, storage }: ParameterInstance,
  elaborator: ModelElaborator,
): boolean {
  if (wraps.kind === "modules" || storage === "buffer") return false;
  const environment = new Environment(elaborator.files.of(span.source).environment);
  const evaluator = new Evaluator(elaborator.strictTrace(), elaborator.calls);
  return bindSizes(wraps.type, type, environment, evaluator) !== null;
}
