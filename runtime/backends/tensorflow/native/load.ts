import { createRequire } from "node:module";
import util from "node:util";
import type { OwnKernels } from "../../../../compiler/index.ts";
import type { Tfjs } from "../tfjs.ts";
import { environmentOfTensorflow } from "./environment.ts";
import { inspectNative, type NativeState, type NotReady, repairOf } from "./inspect.ts";
import { loadKernels } from "./kernels.ts";
import { type NativeFiles, nativeFiles } from "./native-files.ts";

export interface LoadedTensorflow {
  readonly kind: "ready";
  readonly tf: Tfjs;
  /** Which of our operations it has. */
  readonly kernels: OwnKernels;
}

/** The state of the TensorFlow that commands use: the one for a GPU where it is ready, else the one for the CPU. */
export function inspectPreferred(): NativeState {
  const gpu = inspectNative(nativeFiles("gpu"));
  return gpu.kind === "ready" ? gpu : inspectNative(nativeFiles("cpu"));
}

/** Loads TensorFlow where it is installed, or says why it cannot be and what to do. */
export function loadTensorflow(state: NativeState = inspectPreferred()): LoadedTensorflow | NotReady {
  if (state.kind !== "ready") return state;
  for (const [name, value] of Object.entries(environmentOfTensorflow)) process.env[name] ??= value;
  // tfjs-node-gpu 4.22 calls two functions that Node 23 took away.
  const old: { isNullOrUndefined?: unknown; isArray?: unknown } = util;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
  try {
    return requireTfjs(state.files);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { kind: "broken", reason, repair: repairOf(state.files) };
  }
}

function requireTfjs(files: NativeFiles): LoadedTensorflow | NotReady {
  const tf: unknown = createRequire(files.record)(files.package);
  if (isTfjs(tf)) return { kind: "ready", tf, kernels: loadKernels(files) };
  return { kind: "broken", reason: `${files.package} is not tfjs-node-gpu`, repair: repairOf(files) };
}

function isTfjs(value: unknown): value is Tfjs {
  return typeof value === "object" && value !== null && "node" in value && "tensor" in value && "backend" in value;
}
