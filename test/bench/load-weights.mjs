import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

/**
 * Loading all weights of the full-size model into TensorFlow, beside plain reads of the same file: `node test/bench/load-weights.mjs
 * [SPEC]`. Needs 2 GB of disk and 4 GB of memory.
 */
const [, , spec = "specs/medct.vlm"] = process.argv;
const turns = 3;
await prepare();
const folder = mkdtempSync(join(tmpdir(), "medctc-load-"));
try {
  const script = join(folder, "load-weights.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: ["test/bench/load-weights.ts"],
    outfile: script,
    bundle: true,
    format: "esm",
    platform: "node",
    external: ["onnxruntime-node"],
    banner: { js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);' },
  });
  const file = join(folder, "weights.safetensors");
  run("write", file);
  for (let turn = 0; turn < turns; turn++) {
    const { ownSeconds } = run("read", file);
    const { readSeconds, prepareSeconds, loadSeconds, addedBytes, weightBytes } = run("load", file);
    const { size } = statSync(file);
    const [read, own, load] = [size / readSeconds, size / ownSeconds, weightBytes / loadSeconds].map(
      (rate) => rate / 1e9,
    );
    process.stdout.write(
      `${(weightBytes / 1e9).toFixed(2)} GB: loaded at ${load.toFixed(2)} GB/s after ${prepareSeconds.toFixed(1)} s for the graph; a plain read into new memory is ` +
        `${own.toFixed(2)} GB/s, ratio ${(load / own).toFixed(2)}; over and over into the same 4 MiB it is ` +
        `${read.toFixed(1)} GB/s; memory grew by at most ${(addedBytes / weightBytes).toFixed(2)} of the weights\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

function run(what, file) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "load-weights.mjs"), what, spec, file], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" },
  });
  if (status !== 0) throw new Error(`${what} ended with ${status}\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) || "null");
}
