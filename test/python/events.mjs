import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWith, run } from "./environment.mjs";

const tensorboard = "tensorboard==2.20.0";

/** Python's own TensorBoard reads a log of a run that was ended and went on, and shows each step once. */
await prepare();
// Its newest version still imports pkg_resources, which later setuptools do not have.
const python = pythonWith(tensorboard, [tensorboard, "setuptools<81"]);
const folder = mkdtempSync(join(tmpdir(), "medctc-events-"));
try {
  const script = join(folder, "write-events.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/python/write-events.ts"],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "node",
    banner: { js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);' },
  });
  const log = join(folder, "events");
  run(process.execPath, [script, log]);
  run(python, [join(root, "test/python/check_events.py"), log], "inherit");
} finally {
  rmSync(folder, { recursive: true });
}
