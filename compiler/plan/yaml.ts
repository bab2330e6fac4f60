import { Document, isCollection } from "yaml";
import type { ExpectedMemory, Plan } from "./types.ts";

/**
 * A plan as YAML, with the memory of its training step where that is known. The same for the same spec; a parameter is
 * one line, so that two plans can be compared line by line. How values flow is for pictures, and left out.
 */
export function planToYaml({ parameters, buffers, ...plan }: Plan, memory: ExpectedMemory | null = null): string {
  const document = new Document({ ...plan, flow: undefined, ...(memory !== null && { memory }), parameters, buffers });
  for (const key of ["components", "placements", "expectations", "parameters", "buffers"]) {
    const list = document.get(key, true);
    if (!isCollection(list)) continue;
    for (const item of list.items) {
      if (isCollection(item) && key !== "placements") item.flow = true;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
