import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Whether ONNX Runtime is there, and the command that brings it where it is not. */
export type OnnxState =
  | { readonly kind: "ready"; readonly version: string }
  | { readonly kind: "missing"; readonly reason: string; readonly repair: string };

/** Looks for the package and for its native code for this machine; loads neither. */
export function inspectOnnx(): OnnxState {
  const repair = "npm install onnxruntime-node";
  let description: string;
  try {
    description = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  } catch {
    return { kind: "missing", reason: "onnxruntime-node is not installed", repair };
  }
  const binding = join(dirname(description), "bin/napi-v6", process.platform, process.arch, "onnxruntime_binding.node");
  if (!existsSync(binding)) {
    const reason = `onnxruntime-node has nothing for ${process.platform} ${process.arch}`;
    return { kind: "missing", reason, repair };
  }
  return { kind: "ready", version: /"version": "([^"]+)"/.exec(readFileSync(description, "utf8"))?.[1] ?? "unknown" };
}
