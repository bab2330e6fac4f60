import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { abstractFiles } from "./abstract-scores.ts";

/** Writes the made-up runs of examples/comparison. */
for (const [name, text] of abstractFiles()) {
  const file = join("examples/comparison", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
