import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { writeLicences } from "./licences.mjs";
import { onnxRuntimeBeside, placeOnnxRuntime } from "./onnx-runtime.mjs";

const pythonFolder = "runtime/backends/pytorch/python";
const addonsFolder = "runtime/backends/tensorflow/native/addons";
const rooms = ["grammar", "compiler", "runtime"];
const program = "dist/medctc.js";
const stamp = ".cache/bundle.sha256";

/**
 * Commands that people and editors wait for. They are bundled apart, with what they need and no more: where one bundle has
 * all commands, esbuild gives each of them all that another takes through the same index.ts.
 */
const quick = ["check", "explain", "format", "params"];

/** Bundles the program and the libraries into dist/ when a source, or a dependency's version, changed since the last time. */
export async function bundle(root) {
  const fingerprint = hashOfSources(root);
  if (existsSync(join(root, program)) && fingerprint === readStamp(root)) return "up to date";
  const esbuild = await import("esbuild");
  const staging = join(root, ".cache", `dist-${process.pid}`);
  rmSync(staging, { recursive: true, force: true });
  const options = {
    absWorkingDir: root,
    outdir: staging,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minify: true,
    // The licences of what is bundled stand in a file of their own.
    legalComments: "none",
    metafile: true,
    // Its native code is another package on each platform: who reads images installs it beside medctc.
    external: ["sharp"],
    // Read when an internal error is printed, and by nothing else.
    sourcemap: "external",
    sourcesContent: false,
    define: { MEDCTC_VERSION: JSON.stringify(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version) },
    // CommonJS packages in an ES bundle call `require` for Node's own modules.
    banner: {
      js: '#!/usr/bin/env node\nimport{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);',
    },
    logLevel: "warning",
  };
  const main = await esbuild.build({
    ...options,
    entryPoints: {
      medctc: "runtime/cli/main.ts",
      "lifeline-worker": "runtime/cli/lifeline-worker.ts",
      "volume-worker": "runtime/data/volume-worker.ts",
      "memory-worker": "runtime/language-server/memory-worker.ts",
      "parquet-process": "runtime/data/readers/parquet/parquet-process.ts",
      index: "runtime/api/index.ts",
    },
    chunkNames: "chunks/[name]-[hash]",
    plugins: [apart(quick)],
  });
  const quickCommands = await esbuild.build({
    ...options,
    entryPoints: Object.fromEntries(quick.map((name) => [`quick/${name}`, `runtime/cli/${name}.ts`])),
    chunkNames: "quick/[name]-[hash]",
  });
  // One file, so that what is beside it is found from where it is.
  const worker = await esbuild.build({
    ...options,
    entryPoints: { "onnx-worker": "runtime/backends/onnx/worker.ts" },
    splitting: false,
    plugins: [onnxRuntimeBeside()],
  });
  // The compiler for a browser: what needs Node does not bundle.
  const browser = await esbuild.build({
    ...options,
    entryPoints: { compiler: "compiler/browser.ts" },
    platform: "browser",
    target: "es2022",
    banner: {},
  });
  // The pages of trainings and of specs; the worker is a file of its own because the page's policy allows no other.
  const page = await esbuild.build({
    ...options,
    entryPoints: {
      "serve/page": "runtime/serve/page/main.ts",
      "play/page": "runtime/play/page/main.ts",
      "play/worker": "runtime/play/page/compiler/worker.ts",
    },
    splitting: false,
    sourcemap: false,
    platform: "browser",
    target: "es2022",
    banner: {},
  });
  // What trains a package for PyTorch, which is written beside it, and what is compiled where TensorFlow is installed.
  cpSync(join(root, pythonFolder), join(staging, "python"), {
    recursive: true,
    filter: (path) => !path.endsWith("__pycache__"),
  });
  cpSync(join(root, addonsFolder), join(staging, "addons"), { recursive: true });
  placeOnnxRuntime(root, staging, [{ platform: process.platform, architecture: process.arch }]);
  const bundles = [main, quickCommands, worker, browser, page];
  writeLicences(
    root,
    join(staging, "licences.txt"),
    bundles.map(({ metafile }) => metafile),
  );
  chmodSync(join(staging, "medctc.js"), 0o755);
  rmSync(join(root, "dist"), { recursive: true, force: true });
  renameSync(staging, join(root, "dist"));
  writeFileSync(join(root, stamp), fingerprint);
  return "built";
}

/** Leaves the imports of some commands to a bundle of their own. */
function apart(names) {
  return {
    name: "apart",
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/[a-z]+\.ts$/ }, ({ kind, path }) => {
        const name = path.slice(2, -3);
        const isApart = kind === "dynamic-import" && names.includes(name);
        return isApart ? { path: `./quick/${name}.js`, external: true } : null;
      });
    },
  };
}

function hashOfSources(root) {
  const hash = createHash("sha256");
  const files = rooms
    .filter((room) => existsSync(join(root, room)))
    .flatMap((room) => readdirSync(join(root, room), { recursive: true }).map((name) => join(room, name)))
    .filter((name) => /\.(ts|mjs|py|cc|h)$/.test(name));
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
