import type { Backend, BackendState } from "./backend.ts";
import { isForTraining } from "./list.ts";
import { currentName } from "./names.ts";

/** What programs run on, or why what was asked for cannot be had. */
export type ChosenBackend<Kind extends Backend = Backend> =
  /** `note` is a line for a user who did not ask for it and could have a faster one; null otherwise. */
  | { readonly kind: "chosen"; readonly backend: Kind; readonly note: string | null }
  | { readonly kind: "unavailable"; readonly reason: string; readonly repair: string };

/**
 * Chooses a backend from some by its name, or for `auto` the first of them that is there; only those are looked at that may be
 * used. `look` is to load a backend where it will run here.
 */
export function chooseBackend<Kind extends Backend>(
  wanted: string,
  from: readonly Kind[],
  look: (backend: Kind) => BackendState,
): ChosenBackend<Kind> {
  if (wanted !== "auto") {
    const backend = from.find(({ name }) => name === currentName(wanted));
    if (backend === undefined) throw new Error(`there is no backend ${wanted} for this`);
    const state = look(backend);
    return state.kind === "ready" ? { kind: "chosen", backend, note: null } : state;
  }
  let fastest: Exclude<BackendState, { readonly kind: "ready" }> | null = null;
  for (const backend of from) {
    const state = look(backend);
    if (state.kind === "ready") {
      const slow = isForTraining(backend) ? "" : ", which is slow";
      const note =
        fastest === null ? null : `${fastest.reason}; using ${backend.title}${slow}. To change that: ${fastest.repair}`;
      return { kind: "chosen", backend, note };
    }
    fastest ??= state;
  }
  return fastest ?? { kind: "unavailable", reason: "no backend is there", repair: "medctc doctor" };
}
