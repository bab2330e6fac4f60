import { type AdapterUpdate, type Plan, type TracedSpec, adapterUpdates as updatesIn } from "../../compiler/index.ts";
import { contradictionIn } from "./clause-agreement.ts";
import { peftFormat } from "./peft-format.ts";

/** What each adapter of a model does, as PEFT's files have it. What contradicts its own declaration is in none of their forms. */
export function adapterUpdates(spec: TracedSpec, plan: Plan): readonly AdapterUpdate[] {
  const adapters = plan.placements.flatMap((placement) => placement.adapters);
  const forms = new Map(adapters.map(({ path, peft }) => [path, peft]));
  return updatesIn(spec, plan, peftFormat).map((update) => {
    const { path, placement } = update;
    const why = contradictionIn(update, forms.get(path)?.fields ?? {});
    return why === null ? update : { path, placement, kind: "other", why };
  });
}
