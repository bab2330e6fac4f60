import {
  buildProgram,
  elementCount,
  type Input,
  nodesOf,
  optimise,
  runProgram,
  type TensorData,
  type TracedSpec,
} from "../../compiler/index.ts";
import { type Engine, floats, piecesOf, trainStep } from "../engine/index.ts";
import { OnnxSession, runSignature, type SentTensor, sentTensor } from "../onnx/index.ts";
import { TensorflowSession } from "../tensorflow/index.ts";
import type { Tfjs } from "../tensorflow/tfjs.ts";
import { drawInputs } from "./inputs.ts";
import type { MeasuredProgram, Request, WrittenModel, WrittenOnnxModel } from "./messages.ts";

/** A program with its weights and inputs, ready to be run again and again. */
export interface Runner {
  readonly device: string;
  readonly run: (step: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** What is run of a model: a program, or a training step on a batch that may be cut. */
export interface Ran {
  readonly program: MeasuredProgram | "product";
  readonly inputs: readonly Input[];
  readonly rows: Request["rows"];
}

/** A program of a written model in TensorFlow, with the first values that follow from the seed. */
export async function tensorflowRunner(tf: Tfjs, { folder, index }: WrittenModel, ran: Ran): Promise<Runner> {
  const session = await TensorflowSession.load(tf, folder, index);
  session.run("initialise", new Map());
  session.run("prepare", new Map());
  return {
    device: session.device,
    run: runOf(ran, (program, given) => Promise.resolve(floats(session.run(program, given)))),
    dispose: () => Promise.resolve(session.dispose()),
  };
}

/** Runs a program once, or a training step as training does it. */
function runOf({ program, inputs, rows }: Ran, run: Engine["run"]): Runner["run"] {
  const drawn = drawInputs(inputs);
  return async (step) => {
    if (program === "step") await trainStep({ run }, rows, piecesOf(drawn, rows), step, () => false);
    else await run(program, new Map([...drawn, ["step", Int32Array.of(step)]]));
  };
}

/** A written ONNX model. What a step changes starts with drawn numbers and, where an optimizer keeps it, with zeros. */
export async function onnxRunner({ files, signatures }: WrittenOnnxModel, ran: Ran): Promise<Runner> {
  const session = await OnnxSession.loadAll(new Map(files));
  const given = new Set(ran.inputs.map(({ name }) => name));
  const kept = new Map<string, SentTensor>();
  for (const { name, dtype, shape } of signatures.flatMap(({ inputs }) => inputs)) {
    if (given.has(name) || kept.has(name)) continue;
    const type = { dtype: dtype === "int32" ? "i32" : "f32", shape } as const;
    const isState = name.includes(":") || dtype === "int32";
    const first = isState ? undefined : drawInputs([{ name, type, values: { kind: "uniform" } }]).get(name);
    kept.set(name, sentTensor(dtype, shape, first ?? new Float32Array(elementCount(type))));
  }
  await session.keep(kept);
  const byName = new Map(signatures.map((signature) => [signature.program, signature]));
  return {
    device: "CPU",
    run: runOf(ran, async (program, inputs) => {
      const signature = byName.get(program);
      if (signature === undefined) throw new Error(`the model has no program ${program}`);
      return floats(await runSignature(session, signature, inputs));
    }),
    dispose: () => session.dispose(),
  };
}

/** A program of a spec in the reference evaluator, with the first values that follow from the seed. */
export function evaluatorRunner(spec: TracedSpec, name: MeasuredProgram, inputs: readonly Input[]): Runner {
  const built = buildProgram(spec, name);
  const init = buildProgram(spec, "init");
  if (built === null || init === null) throw new Error("what is measured was looked for before");
  const program = optimise(built, spec);
  const parameters = new Map<string, TensorData>(runProgram(init, { inputs: new Map(), parameters: new Map() }, "f32"));
  for (const { operation, type } of nodesOf(program)) {
    if (operation.op !== "parameter" || parameters.has(operation.path) || program.once.has(operation.path)) continue;
    parameters.set(operation.path, { type, data: new Float32Array(elementCount(type)) });
  }
  const types = new Map(inputs.map((input) => [input.name, input.type]));
  const drawn = [...drawInputs(inputs)].flatMap(([input, values]) => {
    const type = types.get(input);
    return type === undefined ? [] : [[input, { type, data: Float32Array.from(values) }] as const];
  });
  return {
    device: "JavaScript",
    run: (step) => {
      const number = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(step) } as const;
      const results = runProgram(program, { inputs: new Map([...drawn, ["step", number]]), parameters }, "f32");
      for (const path of program.updates.keys()) {
        const value = results.get(path);
        if (value !== undefined) parameters.set(path, value);
      }
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(parameters.clear()),
  };
}
