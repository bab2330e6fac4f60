import { createSource } from "../../grammar/index.ts";
import type { ParameterInstance } from "../elaborate/index.ts";
import type { Element } from "./elements.ts";
import { selectText } from "./select-text.ts";

/**
 * Selectors that together select exactly these parameters: by the name behind its component, by that of the module before it, or by the
 * whole path.
 */
export function selectorsForParameters(parameters: readonly ParameterInstance[], elements: readonly Element[]): string {
  const own = elements.filter(({ ofAdapter }) => !ofAdapter);
  const known = new Map<string, ReadonlySet<ParameterInstance>>();
  const selectedBy = (text: string): ReadonlySet<ParameterInstance> => {
    const found = known.get(text) ?? selected(text, own);
    known.set(text, found);
    return found;
  };
  const asked = new Set(parameters);
  const fits = (text: string): boolean => [...selectedBy(text)].every((each) => asked.has(each));
  const written: string[] = [];
  const covered = new Set<ParameterInstance>();
  for (const parameter of parameters) {
    if (covered.has(parameter)) continue;
    const text = choicesFor(parameter).find((each) => selectedBy(each).size > 0 && fits(each)) ?? parameter.path;
    written.push(text);
    for (const each of selectedBy(text)) covered.add(each);
  }
  // A name without dots would continue what stands before it.
  const isDotted = (text: string): number => (text.includes(".") ? 1 : 0);
  return written.toSorted((a, b) => isDotted(a) - isDotted(b)).join(", ");
}

/** Ways to name a parameter, those that may name most first. */
function choicesFor({ steps, path }: ParameterInstance): readonly string[] {
  const names = steps.map(({ name }) => name);
  const [component = "", ...below] = names;
  return [...new Set([1, 2, 3].map((count) => [component, ...below.slice(-count)].join("."))), path];
}

/** The parameters that a selector names; none where it is wrong or selects a module, too. */
function selected(text: string, elements: readonly Element[]): ReadonlySet<ParameterInstance> {
  const { selections, diagnostics } = selectText(createSource("selector", text), elements);
  const found = selections.flatMap((each) => each.elements);
  const parameters = found.flatMap(({ parameter }) => parameter ?? []);
  return new Set(diagnostics.length === 0 && parameters.length === found.length ? parameters : []);
}
