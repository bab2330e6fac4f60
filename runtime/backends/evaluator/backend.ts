import {
  elementCount,
  nodesOf,
  operationWork,
  optimise,
  runProgram,
  type TensorData,
  valueNamed,
} from "../../../compiler/index.ts";
import { joined, type WeightPieces } from "../../weights/index.ts";
import type { Engine, Model, ProgramBackend } from "../backend.ts";
import type { Values } from "../engine.ts";
import { inPhase } from "../engine-error.ts";
import { changes } from "../values.ts";

const title = "the reference evaluator";

/** The semantics of programs, in JavaScript: slow, and everywhere the same. */
export const evaluator: ProgramBackend = {
  name: "evaluator",
  runs: "programs",
  title,
  profiling: null,
  version: () => null,
  inspect: () => ({ kind: "ready" }),
  load: () => ({ kind: "ready" }),
  optimise: (program, context) => optimise(program, context),
  work: operationWork,
  memory: null,
  productType: () => null,
  open,
};

function open({ parameters, trainable, programs, gradients = false }: Model, piecesOf: WeightPieces): Promise<Engine> {
  const known = new Set(parameters.map(({ path }) => path));
  const byName = new Map(programs.map((program) => [program.name, program]));
  const values = new Map<string, TensorData>();
  for (const program of programs) {
    for (const { operation, type } of program.graph.nodes) {
      if (operation.op !== "parameter" || values.has(operation.path) || program.once.has(operation.path)) continue;
      const count = elementCount(type);
      const data = known.has(operation.path) ? joined(piecesOf(operation.path), count) : new Float32Array(count);
      values.set(operation.path, { type, data });
    }
  }
  const run = (name: string, inputs: ReadonlyMap<string, Values>): ReadonlyMap<string, Float32Array> => {
    const program = byName.get(name);
    if (program === undefined) throw new Error(`the engine has no program ${name}`);
    const given = new Map<string, TensorData>();
    for (const { operation, type } of nodesOf(program)) {
      if (operation.op !== "input" || given.has(operation.name)) continue;
      const data = inputs.get(operation.name);
      if (data === undefined) throw new Error(`${name} needs the input ${operation.name}`);
      given.set(operation.name, { type, data: Float32Array.from(data) });
    }
    const results = runProgram(program, { inputs: given, parameters: values }, "f32");
    for (const path of program.updates.keys()) {
      const value = results.get(path);
      if (value !== undefined) values.set(path, value);
    }
    const wanted = [...program.outputs.keys()].filter((output) => gradients || valueNamed(output).kind !== "gradient");
    return new Map(wanted.map((output) => [output, Float32Array.from(results.get(output)?.data ?? [])]));
  };
  const updated = new Set(programs.flatMap(({ updates }) => [...updates.keys()]));
  return Promise.resolve({
    backend: evaluator,
    device: "JavaScript",
    run: (program, inputs) => inPhase(title, `run ${program}`, () => run(program, inputs)),
    whole: null,
    read: () => {
      const changing = [...values].filter(([path]) => updated.has(path) || changes(path, trainable));
      return Promise.resolve(new Map(changing.map(([path, { data }]) => [path, Float32Array.from(data)])));
    },
    store: (given) => {
      for (const [path, data] of given) {
        const before = values.get(path);
        if (before !== undefined) values.set(path, { type: before.type, data });
      }
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(values.clear()),
  });
}
