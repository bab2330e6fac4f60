import { rmSync } from "node:fs";
import { join } from "node:path";
import { openWeights } from "../../runtime/app/weights/open.ts";
import { oneProcess, openableFor, openModel, programBackends } from "../../runtime/backends/index.ts";
import { peakBytes } from "../../runtime/bench/memory.ts";
import { makeTemporaryFolder, readFileBytes } from "../../runtime/files/index.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";

/**
 * `BACKEND SPEC FOLDER RUNS`: opens the encoders of a spec as `medctc eval` does, with the weights in a folder, and encodes the volume
 * there: once as a warm-up, then so often. Prints the seconds of each run, the peak memory in bytes and the latent as JSON.
 */
const [, , name = "", path = "", folder = "", runs = "1"] = process.argv;
const compiled = compilePath(path, { precision: "f32", batch: 1, microBatch: 1 });
const { spec, plan } = compiled;
if (spec === null || plan === null) throw new Error(`${path} is in order`);
const backend = programBackends.find((each) => each.name === name);
if (backend === undefined) throw new Error(`there is no backend ${name}`);
const openable = openableFor("encode", { spec, plan }, backend, oneProcess);
if (openable.runs !== "programs") throw new Error("encoders are programs");
const given = { weights: join(folder, "weights.safetensors"), adapter: null, allowMissing: [] };
const weights = openWeights(openable.model.programs, { ...compiled, spec, plan }, given);
if (weights.kind === "wrong") throw new Error(`the weights fit: ${JSON.stringify(weights.diagnostics)}`);
const temporary = makeTemporaryFolder("medctc-encode");
try {
  const engine = await openModel(openable, weights.piecesOf, temporary);
  weights.close();
  const file = join(folder, "volume.safetensors");
  const tensor = readSafetensors(file, readFileBytes(file)).get("image");
  if (tensor === undefined) throw new Error("the volume is there");
  // A copy, whose first byte is where numbers may start.
  const image = new Float32Array(tensor.bytes.slice().buffer);
  const seconds: number[] = [];
  let latent: Float32Array = new Float32Array();
  for (let run = 0; run <= Number(runs); run++) {
    const start = performance.now();
    latent = (await engine.run("encode_image", new Map([["image", image]]))).get("latent") ?? latent;
    seconds.push((performance.now() - start) / 1000);
  }
  const peak = peakBytes(engine.processes?.() ?? []);
  await engine.dispose();
  const found = { seconds: seconds.slice(1), peakBytes: peak, latent: Array.from(latent) };
  process.stdout.write(`${JSON.stringify(found)}\n`);
} finally {
  rmSync(temporary, { recursive: true });
}
