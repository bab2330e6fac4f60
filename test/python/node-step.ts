import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildProgram, compileSpec, inputsOf, type ModelIndex, optimise } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { TensorflowSession } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

// Started by saved-model.mjs: `node node-step.mjs MODEL BATCH` writes a batch for a model and the losses of two steps.
const [, , model = "", batch = ""] = process.argv;
const native = loadTensorflow();
if (native.kind !== "ready") throw new Error(`${native.reason}; ${native.repair}`);

const index: unknown = JSON.parse(readFileSync(join(model, "medctc.json"), "utf8"));
if (!isIndex(index)) throw new Error("medctc.json is of this format");
const path = "specs/medct-small.vlm";
const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
const step = spec === null ? null : buildProgram(spec, "step");
if (spec === null || step === null) throw new Error("the spec compiles");

const inputs = drawInputs(inputsOf(optimise(step, spec)));
const session = await TensorflowSession.load(native.tf, model, index);
session.run("initialise", new Map());
session.run("prepare", new Map());
const losses = [0, 1].map(
  (count) => session.run("step", new Map([...inputs, ["step", Int32Array.of(count)]])).get("loss")?.[0],
);
session.dispose();
const values = Object.fromEntries([...inputs].map(([name, numbers]) => [name, [...numbers]]));
writeFileSync(batch, JSON.stringify({ inputs: values, losses }));

function isIndex(value: unknown): value is ModelIndex {
  return typeof value === "object" && value !== null && "format" in value && value.format === 2;
}
