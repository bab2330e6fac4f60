import { join } from "node:path";
import {
  elementCount,
  emitOnnx,
  onnxMemory,
  operationWork,
  optimiseForOnnx,
  seedInput,
} from "../../../compiler/index.ts";
import { joined, type WeightPieces } from "../../weights/index.ts";
import type { BackendState, Engine, Model, ProgramBackend } from "../backend.ts";
import { inPhase } from "../engine-error.ts";
import { changes, floats } from "../values.ts";
import { inspectOnnx } from "./inspect.ts";
import { type SentTensor, sentTensor } from "./messages.ts";
import { withComputedOnce } from "./once.ts";
import { OnnxSession } from "./session.ts";
import { runSignature, signatureOf } from "./signature.ts";
import { onnxFiles, writeOnnx } from "./write-model.ts";

const title = "ONNX Runtime";

/** ONNX Runtime on the CPU, which comes with medctc's packages. */
export const onnx: ProgramBackend = {
  name: "onnx",
  runs: "programs",
  title,
  profiling: null,
  version: () => {
    const state = inspectOnnx();
    return state.kind === "ready" ? state.version : null;
  },
  inspect: state,
  load: state,
  optimise: (program, context) => optimiseForOnnx(program, context),
  work: operationWork,
  memory: onnxMemory,
  productType: () => "f32",
  open,
};

function state(): BackendState {
  const found = inspectOnnx();
  return found.kind === "ready" ? { kind: "ready" } : { ...found, kind: "unavailable" };
}

async function open(model: Model, piecesOf: WeightPieces, folder: string): Promise<Engine> {
  const { parameters, trainable, seed, programs, gradients = false } = model;
  const models = new Map(
    programs.map((program) => [program.name, emitOnnx(program, { trainable, gradients, given: true })]),
  );
  const files = onnxFiles(folder);
  const withOnce = await inPhase(title, "compute constants", () => withComputedOnce(programs, piecesOf));
  const session = await inPhase(title, "load the model", () => {
    writeOnnx(models, files, withOnce, { spec: "", version: "", placements: [], contract: null });
    const paths = [...models.keys()].map((name) => [name, join(folder, files.model(name))] as const);
    return OnnxSession.loadAll(new Map(paths));
  });
  const signatures = new Map([...models].map(([name, emitted]) => [name, signatureOf(name, emitted)]));
  const known = new Set(parameters.map(({ path }) => path));
  const shapes = new Map<string, readonly number[]>();
  const first = new Map<string, SentTensor>([[seedInput, sentTensor("int32", [], [seed])]]);
  for (const { operation, type } of programs.flatMap(({ graph }) => graph.nodes)) {
    if (operation.op !== "parameter" || !changes(operation.path, trainable) || shapes.has(operation.path)) continue;
    const { path } = operation;
    const count = elementCount(type);
    shapes.set(path, type.shape);
    // What is not a parameter, as what an optimizer keeps, is zeros.
    const values = known.has(path) ? joined(piecesOf(path), count) : new Float32Array(count);
    first.set(path, sentTensor("float32", type.shape, values));
  }
  await inPhase(title, "load the weights", () => session.keep(first));
  return {
    backend: onnx,
    device: "CPU",
    run: (program, inputs) =>
      inPhase(title, `run ${program}`, async () => {
        const signature = signatures.get(program);
        if (signature === undefined) throw new Error(`the engine has no program ${program}`);
        return floats(await runSignature(session, signature, inputs));
      }),
    whole: null,
    read: () =>
      inPhase(title, "run read", async () => {
        const values = await session.read([...shapes.keys()]);
        return floats(new Map([...values].map(([path, { data }]) => [path, data])));
      }),
    store: (values) =>
      inPhase(title, "load the weights", () => {
        const sent = [...values].flatMap(([path, data]) => {
          const shape = shapes.get(path);
          return shape === undefined ? [] : [[path, sentTensor("float32", shape, data)] as const];
        });
        return session.keep(new Map(sent));
      }),
    dispose: () => session.dispose(),
  };
}
