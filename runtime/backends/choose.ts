import type { Backend, BackendState } from "./backend.ts";
import { backendNamed, backends, isForTraining } from "./list.ts";

/** What programs run on, or why what was asked for cannot be had. */
export type ChosenBackend =
  /** `note` is a line for a user who did not ask for it and could have a faster one; null otherwise. */
  | { readonly kind: "chosen"; readonly backend: Backend; readonly note: string | null }
  | { readonly kind: "unavailable"; readonly reason: string; readonly repair: string };

export interface BackendWish {
  /** A backend's name, or `auto` for the fastest that is there. */
  readonly wanted: string;
  /** Whether it has to be fast enough to train with. */
  readonly trains: boolean;
}

/** Chooses a backend; only those are looked at that may be used. `look` is to load a backend where it will run here. */
export function chooseBackend(
  { wanted, trains }: BackendWish,
  look: (backend: Backend) => BackendState,
  from: readonly Backend[] = backends,
): ChosenBackend {
  if (wanted !== "auto") {
    const backend = backendNamed(wanted);
    if (backend === null) throw new Error(`there is no backend ${wanted}`);
    const state = look(backend);
    return state.kind === "ready" ? { kind: "chosen", backend, note: null } : state;
  }
  let fastest: Exclude<BackendState, { readonly kind: "ready" }> | null = null;
  for (const backend of from) {
    if (trains && !isForTraining(backend)) continue;
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
