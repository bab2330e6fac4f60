import { createRequire } from "node:module";
import util from "node:util";
import type { Tfjs } from "../tensorflow/tfjs.ts";
import { type NativeFiles, nativeFiles } from "./cache.ts";
import { inspectNative, type NativeState, repair } from "./inspect.ts";

export type LoadedNative =
  | { readonly kind: "ready"; readonly tf: Tfjs }
  | Exclude<NativeState, { readonly kind: "ready" }>;

/** Loads TensorFlow where it is installed, or says why it cannot be and what to do. */
export function loadTensorflow(files: NativeFiles = nativeFiles()): LoadedNative {
  const state = inspectNative(files);
  if (state.kind !== "ready") return state;
  // One operation after the other, each on all cores: so the memory is what the compiler planned.
  process.env["TF_NUM_INTEROP_THREADS"] ??= "1";
  // TensorFlow chooses oneDNN by itself only on processors with 512-bit vectors; it is faster on the others too.
  process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // tfjs-node-gpu 4.22 calls two functions that Node 23 took away.
  const old: { isNullOrUndefined?: unknown; isArray?: unknown } = util;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
  try {
    const tf: unknown = createRequire(files.record)(files.package);
    if (isTfjs(tf)) return { kind: "ready", tf };
    return { kind: "broken", reason: `${files.package} is not tfjs-node-gpu`, repair };
  } catch (error) {
    return {
      kind: "broken",
      reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
      repair,
    };
  }
}

function isTfjs(value: unknown): value is Tfjs {
  return typeof value === "object" && value !== null && "node" in value && "tensor" in value && "backend" in value;
}
