import type { Adaptable, Component, ModuleInstance, ParameterInstance, Step } from "../elaborate/index.ts";

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
    for (const adapter of parameter.adapters) addModule(adapter.instance, true);
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
  const parameters: ParameterInstance[] = [];
  const visitAdapters = ({ adapters }: Adaptable): void => {
    if (withAdapters) for (const adapter of adapters) visit(adapter.instance);
  };
  const add = (parameter: ParameterInstance): void => {
    parameters.push(parameter);
    visitAdapters(parameter);
  };
  const visit = (instance: ModuleInstance): void => {
    instance.parameters.forEach(add);
    instance.children.forEach(visit);
    visitAdapters(instance);
  };
  if (element.parameter !== null) add(element.parameter);
  else if (element.instance !== null) visit(element.instance);
  return parameters;
}

/** A module and everything in it, without adapters. */
export function modulesUnder(instance: ModuleInstance): readonly ModuleInstance[] {
  return [instance, ...instance.children.flatMap(modulesUnder)];
}

/** An element and everything in it that may have adapters. */
export function basesUnder({ instance, parameter }: Pick<Element, "instance" | "parameter">): readonly Adaptable[] {
  if (instance === null) return parameter === null ? [] : [parameter];
  return modulesUnder(instance).flatMap((module) => [module, ...module.parameters]);
}
