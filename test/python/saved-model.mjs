import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWith, run } from "./environment.mjs";

const tensorflow = "tensorflow-cpu==2.21.0";

/** Python's own TensorFlow loads a model that the compiler wrote, and gives the loss that Node gives for the same batch. */
await prepare();
const python = pythonWith(tensorflow, [tensorflow]);
const folder = mkdtempSync(join(tmpdir(), "medctc-python-"));
try {
  const model = join(folder, "model");
  run(process.execPath, [
    join(root, "dist/medctc.js"),
    ...["compile", "specs/medct-small.vlm", "--target", "tensorflow", "-o", model],
  ]);
  const script = join(folder, "node-step.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/python/node-step.ts"],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "node",
    banner: { js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);' },
  });
  const batch = join(folder, "batch.json");
  run(process.execPath, [script, model, batch]);
  run(python, [join(root, "test/python/load_saved_model.py"), model, batch], "inherit");
} finally {
  rmSync(folder, { recursive: true });
}
