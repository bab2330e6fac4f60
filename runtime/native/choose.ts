import type { OnnxState } from "../onnx/index.ts";
import type { NotReady } from "./inspect.ts";

/** What a user asks for: `auto` takes the fastest that is there. */
export type WantedBackend = "auto" | "tfjs" | "onnx" | "evaluator";

/** What programs run on, or why what was asked for cannot be had. */
export type ChosenBackend<Ready> =
  | { readonly kind: "tfjs"; readonly native: Ready }
  /** `note` is a line for the user who did not ask for it; null for one who did. */
  | { readonly kind: "onnx"; readonly note: string | null }
  | { readonly kind: "evaluator"; readonly note: string | null }
  | { readonly kind: "unavailable"; readonly reason: string; readonly repair: string };

/** Chooses a backend; `native` and `onnx` are only called where what they look for may be used. */
export function chooseBackend<Ready extends { readonly kind: "ready" }>(
  wanted: WantedBackend,
  native: () => Ready | NotReady,
  onnx: () => OnnxState,
): ChosenBackend<Ready> {
  switch (wanted) {
    case "evaluator":
      return { kind: "evaluator", note: null };
    case "tfjs": {
      const state = native();
      return state.kind === "ready" ? { kind: "tfjs", native: state } : { ...state, kind: "unavailable" };
    }
    case "onnx": {
      const state = onnx();
      return state.kind === "ready" ? { kind: "onnx", note: null } : { ...state, kind: "unavailable" };
    }
    case "auto": {
      const state = native();
      if (state.kind === "ready") return { kind: "tfjs", native: state };
      const isThere = onnx().kind === "ready";
      const instead = isThere ? "ONNX Runtime" : "the reference evaluator, which is slow";
      const note = `${state.reason}; using ${instead}. To change that: ${state.repair}`;
      return isThere ? { kind: "onnx", note } : { kind: "evaluator", note };
    }
  }
}
