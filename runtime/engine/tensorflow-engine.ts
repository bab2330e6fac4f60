import type { Program, TracedSpec } from "../../compiler/index.ts";
import { bf16ProductsHere, type LoadedTensorflow } from "../native/index.ts";
import type { WeightPieces } from "../onnx/index.ts";
import { TensorflowSession, writePrograms } from "../tensorflow/index.ts";
import type { Engine } from "./engine.ts";
import { floats, joined, lasting } from "./values.ts";

/**
 * Loads programs into TensorFlow; their files go into `folder`, which may be removed after that. Weights come in pieces of
 * any size. Throws what TensorFlow says.
 */
export async function openTensorflow(
  { tf }: LoadedTensorflow,
  { parameters, trainable, settings }: TracedSpec,
  programs: readonly Program[],
  piecesOf: WeightPieces,
  folder: string,
): Promise<Engine> {
  const bf16Products = bf16ProductsHere();
  const index = writePrograms(programs, { parameters, trainable, seed: settings.seed, bf16Products }, folder);
  const session = await TensorflowSession.load(tf, folder, index);
  const known = new Set(parameters.map(({ path }) => path));
  session.feed((path) => {
    const count = session.sizeOf(path);
    return known.has(path) ? joined(piecesOf(path), count) : new Float32Array(count);
  });
  session.run("prepare", new Map());
  return {
    backend: "tfjs",
    device: session.device,
    run: (program, inputs) => Promise.resolve(floats(session.run(program, inputs))),
    read: () => Promise.resolve(lasting(floats(session.run("read", new Map())))),
    store: (values) => Promise.resolve(session.store(values)),
    dispose: () => Promise.resolve(session.dispose()),
  };
}
