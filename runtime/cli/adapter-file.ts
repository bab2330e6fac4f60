import { statSync } from "node:fs";
import { join } from "node:path";
import { peftFiles } from "../adapters/index.ts";

/** What a folder with adapters has: medctc's own, or PEFT's. */
export function adapterFile(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const files = ["adapter.safetensors", peftFiles.tensors].map((name) => join(path, name));
  return files.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true) ?? files[0] ?? path;
}
