import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildProduct, buildProgram, compileSpec, inputsOf, optimise } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { TensorflowSession, writeModel, writePrograms } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

// Started by memory.test.ts, in a process whose memory is of this alone: `node --expose-gc life.mjs load|train FOLDER`.
const [, , what, folder = ""] = process.argv;
const native = loadTensorflow();
if (native.kind !== "ready") throw new Error(native.reason);
const { tf, kernels } = native;
await (what === "load" ? loadAgainAndAgain() : train());

/** Memory in MiB, and tensors that nobody disposed of. */
function tell(): void {
  // What JavaScript has not collected yet is no growth.
  globalThis.gc?.();
  const { rss } = process.memoryUsage();
  process.stdout.write(`${rss / 2 ** 20} ${tf.memory().numTensors}\n`);
}

async function loadAgainAndAgain(): Promise<void> {
  const { program, parameters } = buildProduct(256, "f32");
  const model = join(folder, "product");
  const index = writePrograms([program], { parameters, seed: 0, trainable: new Set(), bf16Products: "native" }, model);
  for (let cycle = 0; cycle <= 300; cycle++) {
    const session = await TensorflowSession.load(tf, model, index);
    session.run("initialise", new Map());
    session.run("prepare", new Map());
    session.run("product", new Map());
    session.dispose();
    if (cycle % 30 === 0) tell();
  }
}

async function train(): Promise<void> {
  const path = "specs/medct-small.vlm";
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  const step = spec === null ? null : buildProgram(spec, "step");
  if (spec === null || step === null) throw new Error("the spec compiles");
  const model = join(folder, "model");
  const session = await TensorflowSession.load(tf, model, writeModel(spec, model, { kernels }));
  session.run("initialise", new Map());
  session.run("prepare", new Map());
  const inputs = drawInputs(inputsOf(optimise(step, spec)));
  for (let count = 0; count <= 200; count++) {
    const loss = session.run("step", new Map([...inputs, ["step", Int32Array.of(count)]])).get("loss")?.[0];
    if (!Number.isFinite(loss)) throw new Error(`the loss of step ${count} is ${loss}`);
    if (count % 20 === 0) tell();
  }
  session.dispose();
}
