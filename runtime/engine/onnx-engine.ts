import { join } from "node:path";
import { elementCount, emitOnnx, type Program, seedInput, type TracedSpec } from "../../compiler/index.ts";
import {
  OnnxSession,
  runSignature,
  type SentTensor,
  sentTensor,
  signatureOf,
  type WeightPieces,
  withComputedOnce,
  writeOnnx,
} from "../onnx/index.ts";
import type { Engine } from "./engine.ts";
import { changes, floats, joined, lasting } from "./values.ts";

/** Loads programs into ONNX Runtime; their files and weights go into `folder`, which has to stay until `dispose`. */
export async function openOnnx(
  { parameters, trainable, settings }: TracedSpec,
  programs: readonly Program[],
  piecesOf: WeightPieces,
  folder: string,
): Promise<Engine> {
  const models = new Map(
    programs.map((program) => [program.name, emitOnnx(program, { trainable, gradients: false, given: true })]),
  );
  const files = { folder, model: (name: string) => `${name}.onnx`, frozen: "weights.data", trainable: "adapter.data" };
  const withOnce = await withComputedOnce(programs, piecesOf);
  writeOnnx(models, files, withOnce, { spec: "", version: "", placements: [] });
  const session = await OnnxSession.loadAll(
    new Map([...models.keys()].map((name) => [name, join(folder, files.model(name))])),
  );
  const signatures = new Map([...models].map(([name, model]) => [name, signatureOf(name, model)]));
  const known = new Set(parameters.map(({ path }) => path));
  const state = new Map<string, readonly number[]>();
  const first = new Map<string, SentTensor>([[seedInput, sentTensor("int32", [], [settings.seed])]]);
  for (const { operation, type } of programs.flatMap(({ graph }) => graph.nodes)) {
    if (operation.op !== "parameter" || !changes(operation.path, trainable) || state.has(operation.path)) continue;
    const { path } = operation;
    const count = elementCount(type);
    state.set(path, type.shape);
    const values = known.has(path) ? joined(piecesOf(path), count) : new Float32Array(count);
    first.set(path, sentTensor("float32", type.shape, values));
  }
  await session.keep(first);
  return {
    backend: "onnx",
    device: "CPU",
    run: async (program, inputs) => {
      const signature = signatures.get(program);
      if (signature === undefined) throw new Error(`the engine has no program ${program}`);
      return floats(await runSignature(session, signature, inputs));
    },
    read: async () => {
      const values = await session.read([...state.keys()]);
      return lasting(floats(new Map([...values].map(([path, { data }]) => [path, data]))));
    },
    store: (values) =>
      session.keep(
        new Map([...values].map(([path, data]) => [path, sentTensor("float32", state.get(path) ?? [], data)])),
      ),
    dispose: () => session.dispose(),
  };
}
