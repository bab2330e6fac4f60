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
import { OnnxSession, type SentTensor, sentTensor } from "../onnx/index.ts";
import { TensorflowSession } from "../tensorflow/index.ts";
import type { Tfjs } from "../tensorflow/tfjs.ts";
import { drawInputs } from "./inputs.ts";
import type { MeasuredProgram, WrittenModel, WrittenOnnxModel } from "./messages.ts";

/** A program with its weights and inputs, ready to be run again and again. */
export interface Runner {
  readonly device: string;
  readonly run: (step: number) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

/** A program of a written model in TensorFlow, with the first values that follow from the seed. */
export async function tensorflowRunner(
  tf: Tfjs,
  { folder, index }: WrittenModel,
  name: string,
  inputs: readonly Input[],
): Promise<Runner> {
  const session = await TensorflowSession.load(tf, folder, index);
  session.run("initialise", new Map());
  session.run("prepare", new Map());
  const drawn = drawInputs(inputs);
  return {
    device: session.device,
    run: (step) => {
      session.run(name, new Map([...drawn, ["step", Int32Array.of(step)]]));
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(session.dispose()),
  };
}

/** A written ONNX model. What a step changes starts with drawn numbers and, where an optimizer keeps it, with zeros. */
export async function onnxRunner(
  { file, inputs, outputs, next }: WrittenOnnxModel,
  given: readonly Input[],
): Promise<Runner> {
  const session = await OnnxSession.load(file);
  const drawn = drawInputs(given);
  const kept = new Map<string, SentTensor>();
  for (const { name, dtype, shape } of inputs) {
    const type = { dtype: dtype === "int32" ? "i32" : "f32", shape } as const;
    const isState = name.includes(":") || dtype === "int32";
    const first = isState ? undefined : drawInputs([{ name, type, values: { kind: "uniform" } }]).get(name);
    kept.set(name, sentTensor(dtype, shape, drawn.get(name) ?? first ?? new Float32Array(elementCount(type))));
  }
  await session.keep(kept);
  return {
    device: "CPU",
    run: async (step) => {
      await session.run(new Map([["step", sentTensor("int32", [], [step])]]), outputs, new Map(next));
    },
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
