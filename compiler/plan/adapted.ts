import type { Plan, PlannedPlacement } from "./types.ts";

/** What a placement adapts, as a noun for one of them: `place` where it is on parameters and on modules. */
export function adaptedBy({ adapters }: PlannedPlacement, { parameters }: Plan): "module" | "parameter" | "place" {
  const adapted = new Set(adapters.map(({ path }) => path.slice(0, path.lastIndexOf("."))));
  const ofParameters = parameters.filter(({ path }) => adapted.has(path)).length;
  if (ofParameters === 0) return "module";
  return ofParameters === adapted.size ? "parameter" : "place";
}
