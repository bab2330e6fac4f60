import type { Component, ModuleInstance, ParameterInstance, Step } from "../elaborate/index.ts";

/** Something that a selector can name: a module or a parameter, at its path. */
export interface Element {
  readonly steps: readonly Step[];
  readonly path: string;
  /** What the element is; a parameter belongs to no module only when it is the model's own. */
  readonly instance: ModuleInstance | null;
  readonly parameter: ParameterInstance | null;
  /** True for an adapter and everything in it. */
  readonly ofAdapter: boolean;
}

/** Every module and parameter of a model, parents first. */
export function elementsOf(components: readonly Component[]): readonly Element[] {
  const elements: Element[] = [];
  const addParameter = (parameter: ParameterInstance, ofAdapter: boolean): void => {
    elements.push({ steps: parameter.steps, path: parameter.path, instance: null, parameter, ofAdapter });
  };
  const addModule = (instance: ModuleInstance, ofAdapter: boolean): void => {
    elements.push({ steps: instance.steps, path: instance.path, instance, parameter: null, ofAdapter });
    for (const parameter of instance.parameters) addParameter(parameter, ofAdapter);
    for (const child of instance.children) addModule(child, ofAdapter);
    for (const adapter of instance.adapters) addModule(adapter.instance, true);
  };
  for (const component of components) {
    if ("instance" in component) addModule(component.instance, false);
    else addParameter(component.parameter, component.kind === "shared");
  }
  return elements;
}

/** The parameters at and under an element, those of adapters only when asked for. */
export function parametersUnder(
  element: Pick<Element, "instance" | "parameter">,
  withAdapters: boolean,
): readonly ParameterInstance[] {
  if (element.parameter !== null) return [element.parameter];
  const parameters: ParameterInstance[] = [];
  const visit = (instance: ModuleInstance): void => {
    parameters.push(...instance.parameters);
    instance.children.forEach(visit);
    if (withAdapters) for (const adapter of instance.adapters) visit(adapter.instance);
  };
  if (element.instance !== null) visit(element.instance);
  return parameters;
}

/** A module and everything in it, without adapters. */
export function modulesUnder(instance: ModuleInstance): readonly ModuleInstance[] {
  return [instance, ...instance.children.flatMap(modulesUnder)];
}
