import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWith, run } from "./environment.mjs";

const packages = ["nibabel==5.4.2", "numpy"];
const count = 500;

/** Files of every type, byte order, version and scaling have the values that nibabel gives them. */
await prepare();
const python = pythonWith(packages[0], packages);
const folder = mkdtempSync(join(tmpdir(), "medctc-nifti-"));
try {
  const files = join(root, "test/python/nifti_files.py");
  run(python, [files, "write", folder, String(count)]);
  const script = join(folder, "node-volumes.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/python/node-volumes.ts"],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "node",
  });
  run(process.execPath, [script, folder]);
  run(python, [files, "compare", folder], "inherit");
} finally {
  rmSync(folder, { recursive: true });
}
