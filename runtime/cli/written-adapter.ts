import { printBytes, printNumberOf } from "../../compiler/index.ts";
import type { WrittenFiles } from "../app/adapters/write-adapter.ts";

/** What was written of an adapter: `104 tensors, 6.38 MiB, in folder`. */
export function printWritten({ tensors, bytes, folder, variant }: WrittenFiles): string {
  const files = `${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, in ${folder}\n`;
  return variant === null ? files : `${files}its spec is ${variant}\n`;
}
