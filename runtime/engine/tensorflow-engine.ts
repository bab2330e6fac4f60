import type { Program, TracedSpec } from "../../compiler/index.ts";
import { bf16ProductsHere, type LoadedTensorflow } from "../native/index.ts";
import type { WeightPieces } from "../onnx/index.ts";
import { TensorflowSession, writePrograms } from "../tensorflow/index.ts";
import type { Engine } from "./engine.ts";
import { floats, lasting } from "./values.ts";

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
  feedWeights(session, new Set(parameters.map(({ path }) => path)), piecesOf);
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

/** Feeds weights as they come in pieces; what is no parameter, as what an optimizer keeps, is zeros. */
export function feedWeights(session: TensorflowSession, known: ReadonlySet<string>, piecesOf: WeightPieces): void {
  session.feed((path) => (known.has(path) ? piecesOf(path) : null));
}
