import type { NotReady } from "./inspect.ts";

/** What a user asks for: `auto` takes the fastest that is there. */
export type WantedBackend = "auto" | "tfjs" | "evaluator";

/** What programs run on, or why what was asked for cannot be had. */
export type ChosenBackend<Ready> =
  | { readonly kind: "tfjs"; readonly native: Ready }
  /** `note` is a line for the user who did not ask for it; null for one who did. */
  | { readonly kind: "evaluator"; readonly note: string | null }
  | { readonly kind: "unavailable"; readonly reason: string; readonly repair: string };

/** Chooses a backend; `native` is only called where native TensorFlow may be used. */
export function chooseBackend<Ready extends { readonly kind: "ready" }>(
  wanted: WantedBackend,
  native: () => Ready | NotReady,
): ChosenBackend<Ready> {
  if (wanted === "evaluator") return { kind: "evaluator", note: null };
  const state = native();
  if (state.kind === "ready") return { kind: "tfjs", native: state };
  const { reason, repair } = state;
  if (wanted === "tfjs") return { kind: "unavailable", reason, repair };
  const note = `${reason}; using the reference evaluator, which is slow. To change that: ${repair}`;
  return { kind: "evaluator", note };
}
