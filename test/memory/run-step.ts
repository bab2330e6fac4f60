import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileSpec, expectMemory } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { TensorflowSession, writeModel } from "../../runtime/backends/tensorflow/index.ts";
import { bf16ProductsHere, loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { peakBytes } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** A process of its own: runs two training steps of a spec, and prints how many bytes it was expected to take at most and how many it took. */
const [, , path = ""] = process.argv;
const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
const expected = spec === null ? null : expectMemory(spec);
const native = loadTensorflow();
if (spec === null || expected === null || native.kind !== "ready") throw new Error("the spec compiles and can run");
const folder = mkdtempSync(join(tmpdir(), "medctc-"));
const index = writeModel(spec, folder, { bf16Products: bf16ProductsHere(), kernels: native.kernels });
const session = await TensorflowSession.load(native.tf, folder, index);
rmSync(folder, { recursive: true });
session.run("initialise", new Map());
session.run("prepare", new Map());
const inputs = new Map(
  Object.entries(index.signatures["step"]?.inputs ?? {}).map(([name, { dtype, shape }]) => {
    const size = shape.reduce((product, each) => product * each, 1);
    return [name, dtype === "i32" ? new Int32Array(size) : new Float32Array(size).fill(0.5)];
  }),
);
for (let step = 0; step < 2; step++) session.run("step", inputs);
process.stdout.write(`${expected.peakBytes} ${peakBytes()}`);
