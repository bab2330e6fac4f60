import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundledFile } from "../../files/index.ts";

/** Whether ONNX Runtime is there, and the command that brings it where it is not. */
export type OnnxState =
  | { readonly kind: "ready"; readonly version: string }
  | { readonly kind: "missing"; readonly reason: string; readonly repair: string };

/** Looks for the native code for this machine, which comes with the program; does not load it. */
export function inspectOnnx(): OnnxState {
  const description = bundledFile("onnxruntime/package.json");
  const binding = join(dirname(description), process.platform, process.arch, "onnxruntime_binding.node");
  if (!existsSync(binding)) {
    const reason = `there is no ONNX Runtime for ${process.platform} ${process.arch}`;
    return { kind: "missing", reason, repair: "medctc backend install" };
  }
  return { kind: "ready", version: /"version": "([^"]+)"/.exec(readFileSync(description, "utf8"))?.[1] ?? "unknown" };
}
