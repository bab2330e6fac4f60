import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWeights } from "../../runtime/app/weights/open.ts";
import { enginePrograms } from "../../runtime/backends/index.ts";
import { tensorflow } from "../../runtime/backends/tensorflow/backend.ts";
import { TensorflowSession, writePrograms } from "../../runtime/backends/tensorflow/index.ts";
import { bf16ProductsHere, loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { writeAtomically } from "../../runtime/files/index.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { safetensorsPieces } from "../../runtime/weights/index.ts";

/**
 * `write SPEC FILE` writes made-up weights of a spec; `read SPEC FILE` reads the file as a whole; `load SPEC FILE` reads it
 * piece by piece, then loads it into a session of TensorFlow. The last two print what that took.
 */
const [, , what, spec = "", file = ""] = process.argv;
const compiled = compilePath(spec, { precision: "f32" });
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
} else if (what === "read") {
  // A plain read of the file into memory of its own, which the system has to give first.
  const bytes = new Uint8Array(statSync(file).size);
  process.stdout.write(`${JSON.stringify({ ownSeconds: plainRead((at) => bytes.subarray(at, at + 2 ** 26)) })}\n`);
} else {
  const native = loadTensorflow();
  if (!("tf" in native)) throw new Error("TensorFlow is there");
  const programs = enginePrograms(compiled.spec, tensorflow, "encode") ?? [];
  const weights = openWeights(programs, compiled, { weights: file, adapter: null, allowMissing: [] });
  if (weights.kind === "wrong") throw new Error("the weights fit");
  const folder = mkdtempSync(join(tmpdir(), "medctc-load-"));
  const { parameters, trainable, settings } = compiled.spec;
  const about = {
    parameters,
    trainable,
    seed: settings.seed,
    bf16Products: bf16ProductsHere(),
    kernels: native.kernels,
  };
  const session = await TensorflowSession.load(native.tf, folder, writePrograms(programs, about, folder));
  rmSync(folder, { recursive: true });
  const elements = session.index.variables.reduce((sum, { path }) => sum + session.sizeOf(path), 0);
  const buffer = new Uint8Array(2 ** 22);
  const reads = [0, 1, 2].map(() => plainRead(() => buffer));
  const readSeconds = reads.sort((a, b) => a - b)[1] ?? 0;
  // TensorFlow prepares the graph when a first value is stored, which has nothing to do with how many weights there are.
  const small = session.index.feeds.find(({ shape }) => shape.length === 1)?.path ?? "";
  const preparing = performance.now();
  session.store(new Map([[small, new Float32Array(session.sizeOf(small))]]));
  const prepareSeconds = (performance.now() - preparing) / 1000;
  const before = process.memoryUsage.rss();
  const start = performance.now();
  session.feed(weights.piecesOf);
  const loadSeconds = (performance.now() - start) / 1000;
  weights.close();
  const addedBytes = 1024 * process.resourceUsage().maxRSS - before;
  process.stdout.write(
    `${JSON.stringify({ readSeconds, prepareSeconds, loadSeconds, addedBytes, weightBytes: 4 * elements })}\n`,
  );
}

/** Seconds that a plain read of the file takes, into some memory for each place of it. */
function plainRead(memoryFor: (at: number) => Uint8Array): number {
  const handle = openSync(file, "r");
  const start = performance.now();
  let at = 0;
  for (let count = -1; count !== 0; at += count) {
    const memory = memoryFor(at);
    count = readSync(handle, memory, 0, memory.length, at);
  }
  const seconds = (performance.now() - start) / 1000;
  closeSync(handle);
  return seconds;
}
