import { join } from "node:path";
import { peftFiles } from "../../adapters/index.ts";
import { kindOfPath } from "../../files/index.ts";

/** What a folder with adapters has: medctc's own, of which the averages are what was evaluated, or PEFT's. */
export function adapterFile(path: string): string {
  if (kindOfPath(path) !== "folder") return path;
  const files = ["adapter-ema.safetensors", "adapter.safetensors", peftFiles.tensors].map((name) => join(path, name));
  return files.find((file) => kindOfPath(file) === "file") ?? files[1] ?? path;
}
