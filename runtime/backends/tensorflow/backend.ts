import { nameOf, optimise, tensorflowMemory } from "../../../compiler/index.ts";
import type { WeightPieces } from "../../weights/index.ts";
import type { BackendState, Engine, Model, ProgramBackend } from "../backend.ts";
import { EngineError, inPhase } from "../engine-error.ts";
import { floats } from "../values.ts";
import { logEnvironment, readExecutorLog } from "./executor-log.ts";
import { bf16ProductsHere, inspectPreferred, loadTensorflow, type NotReady, versions } from "./native/index.ts";
import { TensorflowSession } from "./session.ts";
import { writePrograms } from "./write-model.ts";

const title = "TensorFlow";

/** TensorFlow's graph engine through tfjs-node-gpu, with the library that `medctc backend install` brings. */
export const tensorflow: ProgramBackend = {
  name: "tensorflow",
  runs: "programs",
  title,
  profiling: { environment: logEnvironment, read: readExecutorLog },
  version: () => versions.tensorflow,
  inspect: () => stateOf(inspectPreferred()),
  load: () => stateOf(loadTensorflow()),
  optimise,
  work: tensorflowMemory.work,
  memory: tensorflowMemory,
  productType: (precision) => precision,
  open,
};

function stateOf(state: { readonly kind: "ready" } | NotReady): BackendState {
  if (state.kind === "ready") return { kind: "ready" };
  return { kind: "unavailable", reason: state.reason, repair: state.repair };
}

/** The model's files go into `folder`, which may be removed once it is open. */
async function open(model: Model, piecesOf: WeightPieces, folder: string): Promise<Engine> {
  const native = loadTensorflow();
  if (native.kind !== "ready") throw new EngineError(title, "load the model", native.reason);
  const { programs, gradients = false, ...about } = model;
  const known = new Set(model.parameters.map(({ path }) => path));
  const session = await inPhase(title, "load the model", () => {
    const index = writePrograms(
      programs,
      { ...about, bf16Products: bf16ProductsHere(), kernels: native.kernels },
      folder,
    );
    return TensorflowSession.load(native.tf, folder, index);
  });
  try {
    // What is not a parameter, as what an optimizer keeps, is zeros.
    await inPhase(title, "load the weights", () => session.feed((path) => (known.has(path) ? piecesOf(path) : null)));
    await inPhase(title, "compute constants", () => session.run("prepare", new Map()));
  } catch (error) {
    session.dispose();
    throw error;
  }
  return {
    backend: tensorflow,
    device: session.device,
    run: (program, inputs) =>
      inPhase(title, `run ${program}`, () => {
        // Before the step, which changes what they are taken at.
        const before = gradients && session.has("gradients") ? [...session.run("gradients", inputs)] : [];
        const named = before.map(([path, values]) => [nameOf({ kind: "gradient", parameter: path }), values] as const);
        return floats(new Map([...named, ...session.run(program, inputs)]));
      }),
    whole: null,
    read: () => inPhase(title, "run read", () => floats(session.run("read", new Map()))),
    store: (values) => inPhase(title, "load the weights", () => session.store(values)),
    dispose: () => Promise.resolve(session.dispose()),
  };
}
