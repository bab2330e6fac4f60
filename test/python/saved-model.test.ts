import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { buildProgram, compileSpec, inputsOf, type ModelIndex, optimise } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { TensorflowSession } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { medctc } from "../command.ts";
import { check, pythonWith } from "./environment.ts";

const tensorflow = "tensorflow-cpu==2.21.0";
const spec = "specs/medct-small.vlm";
const folder = mkdtempSync(join(tmpdir(), "medctc-python-"));
const model = join(folder, "model");
afterAll(() => rmSync(folder, { recursive: true }));

test("Python's TensorFlow loads a compiled model, and gives the losses that Node gives for the same batch", async () => {
  prepareProgram();
  const python = pythonWith(tensorflow, [tensorflow]);
  medctc("compile", spec, "--target", "tensorflow", "-o", model);
  const batch = join(folder, "batch.json");
  writeFileSync(batch, JSON.stringify(await twoSteps()));
  check(python, "load_saved_model.py", model, batch);
});

/** A batch for the model, and the losses of two steps on it. */
async function twoSteps() {
  const native = loadTensorflow();
  if (native.kind !== "ready") throw new Error(`${native.reason}; ${native.repair}`);
  const index: unknown = JSON.parse(readFileSync(join(model, "medctc.json"), "utf8"));
  if (!isIndex(index)) throw new Error("medctc.json is of this format");
  const compiled = compileSpec(createSource(spec, readFileSync(spec, "utf8")), new SpecLibrary("specs/std", spec)).spec;
  const step = compiled === null ? null : buildProgram(compiled, "step");
  if (compiled === null || step === null) throw new Error("the spec compiles");
  const inputs = drawInputs(inputsOf(optimise(step, compiled)));
  const session = await TensorflowSession.load(native.tf, model, index);
  session.run("initialise", new Map());
  session.run("prepare", new Map());
  const losses = [0, 1].map(
    (count) => session.run("step", new Map([...inputs, ["step", Int32Array.of(count)]])).get("loss")?.[0],
  );
  session.dispose();
  return { inputs: Object.fromEntries([...inputs].map(([name, numbers]) => [name, [...numbers]])), losses };
}

function isIndex(value: unknown): value is ModelIndex {
  return typeof value === "object" && value !== null && "format" in value && value.format === 2;
}
