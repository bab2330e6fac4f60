import {
  buildProgram,
  type Compiled,
  elementCount,
  firstValuesOf,
  optimise,
  optimiseForOnnx,
  type ProgramName,
  runProgram,
  type TensorData,
  type TracedSpec,
  whyNoProgram,
} from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { chooseBackend, loadTensorflow } from "../native/index.ts";
import { inspectOnnx, runOnOnnx } from "../onnx/index.ts";
import { runOnTensorflow } from "../tensorflow/index.ts";
import { SpecError } from "./specs.ts";

export interface RunOptions {
  /** The program's inputs by name, as `medctc compile --emit` lists them. */
  readonly inputs: ReadonlyMap<string, TensorData>;
  /** Parameters by path; those left out have the first values that the spec's seed gives them. */
  readonly parameters?: ReadonlyMap<string, TensorData>;
  /** `auto`, the default, takes the fastest that is there. */
  readonly backend?: "auto" | "tensorflow" | "onnx" | "evaluator";
}

/**
 * Runs one program of a compiled spec once and gives its outputs by name and its updates by path. Throws a SpecError for a
 * spec with mistakes, and an Error for a program, an input or a backend that is not there.
 */
export async function run(
  compiled: Compiled,
  name: ProgramName,
  { inputs, parameters = new Map(), backend = "auto" }: RunOptions,
): Promise<ReadonlyMap<string, TensorData>> {
  const { spec, diagnostics } = compiled;
  if (spec === null || hasErrors(diagnostics)) throw new SpecError(diagnostics);
  const program = buildProgram(spec, name);
  if (program === null) throw new Error(`there is no program ${name}: ${whyNoProgram(spec, name)}`);
  const chosen = chooseBackend(backend === "tensorflow" ? "tfjs" : backend, loadTensorflow, inspectOnnx);
  if (chosen.kind === "unavailable") throw new Error(`${chosen.reason}; run: ${chosen.repair}`);
  const optimised = chosen.kind === "onnx" ? optimiseForOnnx(program, spec) : optimise(program, spec);
  for (const { operation, type } of optimised.graph.nodes) {
    if (operation.op !== "input") continue;
    const found = inputs.get(operation.name)?.data.length ?? 0;
    if (found !== elementCount(type)) {
      throw new Error(`the input ${operation.name} has ${found} elements; [${type.shape.join(", ")}] are expected`);
    }
  }
  const given = { inputs, parameters: new Map([...firstValues(spec, parameters), ...parameters]) };
  switch (chosen.kind) {
    case "evaluator":
      return runProgram(optimised, given, "f32");
    case "onnx":
      return runOnOnnx(optimised, spec.settings.seed, given);
    case "tfjs":
      return runOnTensorflow(chosen.native.tf, spec, optimised, given);
  }
}

/** The first values of the parameters that are not given. */
function firstValues(
  { parameters, settings }: TracedSpec,
  given: ReadonlyMap<string, TensorData>,
): readonly (readonly [string, TensorData])[] {
  const valuesOf = firstValuesOf(parameters, settings.seed);
  return parameters
    .filter(({ path }) => !given.has(path))
    .map(({ path, type }) => {
      const data = new Float32Array(elementCount(type));
      let at = 0;
      for (const piece of valuesOf(path)) {
        data.set(piece, at);
        at += piece.length;
      }
      return [path, { type, data }];
    });
}
