import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { build } from "esbuild";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWith, pythonWithPeft, run } from "./environment.mjs";

const count = 1000;

/** Safetensors files both ways between Node and Hugging Face's own library, and PyTorch's checkpoints beside their twins. */
await prepare();
const python = pythonWith("safetensors==0.8.0", ["safetensors==0.8.0"]);
const folder = mkdtempSync(join(tmpdir(), "medctc-python-weights-"));
try {
  const { openWhole, readSafetensors, openTensors, writeSafetensors, Random } = await load(folder);
  readPythons({ readSafetensors, openTensors });
  writeForPython({ writeSafetensors, Random });
  readTorch({ openWhole });
} finally {
  rmSync(folder, { recursive: true });
}

async function load(into) {
  const module = join(into, "weights.mjs");
  await build({
    stdin: {
      contents: `
        export { openTensors, readSafetensors, writeSafetensors } from "./runtime/weights/index.ts";
        export { openWhole } from "./test/weights/opened.ts";
        export { Random } from "./test/random.ts";
      `,
      resolveDir: root,
      loader: "ts",
    },
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "node",
    banner: { js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);' },
  });
  return import(pathToFileURL(module).href);
}

function readPythons({ readSafetensors, openTensors }) {
  const inside = join(folder, "theirs");
  mkdirSync(inside);
  run(python, [join(root, "test/python/weights.py"), "write", inside, String(count)]);
  for (const name of readdirSync(inside).filter((each) => each.endsWith(".safetensors"))) {
    const path = join(inside, name);
    const expected = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    const stored = [...readSafetensors(path, readFileSync(path))];
    const found = stored.map(([key, { dtype, shape, bytes }]) => [
      key,
      [dtype, shape, Buffer.from(bytes).toString("base64")],
    ]);
    const opened = openTensors(path);
    if (opened.kind === "wrong") throw new Error(opened.diagnostic.message);
    opened.close();
    same(path, Object.fromEntries(found), expected.tensors);
    same(path, Object.fromEntries(opened.metadata), expected.metadata);
    same(path, [...opened.tensors.keys()].sort(), Object.keys(expected.tensors).sort());
  }
  process.stdout.write(`Node reads ${count} safetensors files of Python's alike\n`);
}

function writeForPython({ writeSafetensors, Random }) {
  const inside = join(folder, "ours");
  mkdirSync(inside);
  const random = new Random(3);
  for (let index = 0; index < count; index++) {
    const tensors = new Map();
    const expected = {};
    for (let left = random.below(6); left > 0; left--) {
      const name = String.fromCodePoint(...Array.from({ length: random.below(9) }, () => 32 + random.below(0x2000)));
      const shape = Array.from({ length: random.below(5) }, () => random.below(5));
      const length = shape.reduce((product, size) => product * size, 1);
      const data = new Float32Array(Uint32Array.from({ length }, () => random.below(2 ** 32)).buffer);
      tensors.set(name, { shape, data });
      expected[name] = ["F32", shape, Buffer.from(data.buffer).toString("base64")];
    }
    const path = join(inside, `${index}.safetensors`);
    writeFileSync(path, writeSafetensors(tensors));
    writeFileSync(`${path}.json`, JSON.stringify({ tensors: expected }));
  }
  run(python, [join(root, "test/python/weights.py"), "check", inside], "inherit");
}

function readTorch({ openWhole }) {
  const inside = join(folder, "torch");
  mkdirSync(inside);
  run(pythonWithPeft(), [join(root, "test/python/write_torch.py"), inside]);
  const names = readdirSync(inside).filter((name) => name.endsWith(".safetensors"));
  for (const name of names) {
    const [found, expected] = [name.replace("safetensors", "pt"), name].map((each) => openWhole(join(inside, each)));
    if (found.kind === "wrong") throw new Error(found.problem);
    same(name, sorted(found.tensors), sorted(expected.tensors));
  }
  process.stdout.write(`Node reads ${names.length} checkpoints of this PyTorch as it reads their safetensors\n`);
}

function sorted(tensors) {
  return [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
}

function same(path, found, expected) {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
}
