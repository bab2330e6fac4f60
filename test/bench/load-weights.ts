import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compilePath } from "../../runtime/cli/read-spec.ts";
import { openWeights } from "../../runtime/cli/weight-sources.ts";
import { enginePrograms } from "../../runtime/engine/index.ts";
import { writeAtomically } from "../../runtime/files/index.ts";
import { bf16ProductsHere, loadTensorflow } from "../../runtime/native/index.ts";
import { TensorflowSession, writePrograms } from "../../runtime/tensorflow/index.ts";
import { openTensors, safetensorsPieces } from "../../runtime/weights/index.ts";

/**
 * `write SPEC FILE` writes made-up weights of a spec; `load SPEC FILE` reads the file once, loads it into a session of
 * TensorFlow, and prints what both took.
 */
const [, , what, spec = "", file = ""] = process.argv;
const compiled = compilePath(spec, "specs/std", { precision: "f32" });
if (compiled.spec === null || compiled.plan === null) throw new Error(`${spec} is in order`);
if (what === "write") {
  const block = Float32Array.from({ length: 2 ** 22 }, (_, index) => Math.sin(index) / 50);
  const tensors = [...compiled.plan.parameters, ...compiled.plan.buffers].map(({ checkpoint, shape }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    function* data(): Iterable<Float32Array> {
      for (let at = 0; at < count; at += block.length) yield block.subarray(0, Math.min(block.length, count - at));
    }
    return [checkpoint, { shape, data }] as const;
  });
  writeAtomically(file, safetensorsPieces(new Map(tensors)));
} else {
  const native = loadTensorflow();
  if (!("tf" in native)) throw new Error("TensorFlow is there");
  const programs = enginePrograms(compiled.spec, "tfjs", "encode") ?? [];
  const weights = openWeights(programs, compiled, { weights: file, adapter: null, allowMissing: [] });
  if (weights.kind === "wrong") throw new Error("the weights fit");
  const folder = mkdtempSync(join(tmpdir(), "medctc-load-"));
  const { parameters, trainable, settings } = compiled.spec;
  const about = { parameters, trainable, seed: settings.seed, bf16Products: bf16ProductsHere() };
  const session = await TensorflowSession.load(native.tf, folder, writePrograms(programs, about, folder));
  rmSync(folder, { recursive: true });
  process.stdout.write(`${JSON.stringify({ x: session.index.feeds.length })}\n`);
}
