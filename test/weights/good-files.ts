import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Small files in a format, to be damaged. */
export function goodFiles(format: "safetensors" | "pt"): ReadonlyMap<string, Uint8Array> {
  const names = ["mixed", "views", "training", "protocol-5", "wrapped"].map((name) => `${name}.${format}`);
  return new Map(names.map((name) => [name, readFileSync(join("test/fixtures/torch", name))]));
}
