import type { ModuleInstance } from "../../elaborate/index.ts";

/** Whether all of these modules are layers: numbered parts, without others in them. */
export function isLayer(instances: ReadonlySet<ModuleInstance>): boolean {
  const hasLayers = ({ children }: ModuleInstance): boolean =>
    children.some((child) => isNumbered(child) || hasLayers(child));
  return instances.size > 0 && [...instances].every((each) => isNumbered(each) && !hasLayers(each));
}

function isNumbered({ steps }: ModuleInstance): boolean {
  return (steps.at(-1)?.index ?? null) !== null;
}
