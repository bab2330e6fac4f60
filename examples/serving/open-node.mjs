import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openServed } from "./served.mjs";

// ONNX Runtime reads it when it is loaded: it sends no telemetry.
process.env.ORT_DISABLE_TELEMETRY = "1";
const { default: ort } = await import("onnxruntime-node");

export const { Tensor } = ort;

/** Opens both encoders of a model in a folder, once its weights were checked, too. */
export async function openFolder(folder) {
  const served = await openServed({
    read: (file) => readFile(join(folder, file)),
    load: (file) => ort.InferenceSession.create(join(folder, file)),
    Tensor,
    programs: ["encode_image", "encode_text"],
  });
  const { file, sha256 } = served.manifest.base.weights;
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(folder, file)), hash);
  if (hash.digest("hex") !== sha256) throw new Error(`${file} is not the file that adapters.json lists`);
  return served;
}
