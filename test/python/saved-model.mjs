import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

const tensorflow = "tensorflow-cpu==2.21.0";

/** Python's own TensorFlow loads a model that the compiler wrote, and gives the loss that Node gives for the same batch. */
await prepare();
const python = pythonWithTensorflow();
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

/** Makes a virtual environment in medctc's cache, once. */
function pythonWithTensorflow() {
  const { MEDCTC_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = MEDCTC_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "medctc");
  const environment = join(cache, "python", tensorflow);
  const installed = join(environment, "installed");
  const inside = join(environment, "bin/python");
  if (existsSync(installed)) return inside;
  process.stdout.write(`Installing ${tensorflow} for Python (once; some minutes) ...\n`);
  mkdirSync(join(cache, "python"), { recursive: true });
  rmSync(environment, { recursive: true, force: true });
  run("python3", ["-m", "venv", environment]);
  run(inside, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", tensorflow]);
  // Last, so that an install that was cut off is made again.
  mkdirSync(installed);
  return inside;
}

function run(command, args, stdout = "ignore") {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", stdout, "pipe"],
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2", TF_NUM_INTEROP_THREADS: "1" },
    encoding: "utf8",
  });
  if (error === undefined && status === 0) return;
  process.stderr.write(`${command} ${args.join(" ")} ended with ${error?.message ?? status}\n${stderr ?? ""}`);
  process.exit(1);
}
