import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

const rooms = ["grammar", "compiler", "runtime"];
const program = "dist/medctc.js";
const stamp = ".cache/bundle.sha256";

/** Bundles runtime/cli/main.ts into dist/medctc.js when a source, or a dependency's version, changed since the last time. */
export async function bundle(root) {
  const fingerprint = hashOfSources(root);
  if (existsSync(join(root, program)) && fingerprint === readStamp(root)) return "up to date";
  const { build } = await import("esbuild");
  const staging = join(root, ".cache", `dist-${process.pid}`);
  rmSync(staging, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: {
      medctc: "runtime/cli/main.ts",
      "onnx-worker": "runtime/onnx/worker.ts",
      "lifeline-worker": "runtime/cli/lifeline-worker.ts",
      "volume-worker": "runtime/data/volume-worker.ts",
    },
    // It has native code of its own.
    external: ["onnxruntime-node"],
    outdir: staging,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minify: true,
    legalComments: "none",
    // Read when an internal error is printed, and by nothing else.
    sourcemap: "external",
    sourcesContent: false,
    define: { MEDCTC_VERSION: JSON.stringify(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version) },
    chunkNames: "chunks/[name]-[hash]",
    // CommonJS packages in an ES bundle call `require` for Node's own modules.
    banner: {
      js: '#!/usr/bin/env node\nimport{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  chmodSync(join(staging, "medctc.js"), 0o755);
  rmSync(join(root, "dist"), { recursive: true, force: true });
  renameSync(staging, join(root, "dist"));
  writeFileSync(join(root, stamp), fingerprint);
  return "built";
}

function hashOfSources(root) {
  const hash = createHash("sha256");
  const files = rooms
    .filter((room) => existsSync(join(root, room)))
    .flatMap((room) => readdirSync(join(root, room), { recursive: true }).map((name) => join(room, name)))
    .filter((name) => /\.(ts|mjs)$/.test(name));
  for (const name of [...files.sort(), "package-lock.json", "package.json"]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update("\0");
  }
  return hash.digest("hex");
}

function readStamp(root) {
  const path = join(root, stamp);
  mkdirSync(dirname(path), { recursive: true });
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}
