import { join } from "node:path";
import {
  buildProduct,
  buildProgram,
  emitOnnx,
  firstValuesOf,
  flopsOfProgram,
  inputsOf,
  nextPrefix,
  optimise,
  optimiseForOnnx,
  type Program,
  type TracedSpec,
  type TrainOverrides,
} from "../../compiler/index.ts";
import { bf16ProductsHere } from "../native/index.ts";
import { withComputedOnce, writeOnnx } from "../onnx/index.ts";
import { writeModel, writePrograms } from "../tensorflow/index.ts";
import type { Backend, MeasuredProgram, Request, WrittenOnnxModel } from "./messages.ts";

/** Rows of the square matrices whose product says what the machine can at best. */
export const productSize = 2048;

export interface Wanted {
  readonly program: MeasuredProgram;
  readonly overrides: TrainOverrides;
  /** Counted runs; null for as many as fit half a minute. */
  readonly steps: number | null;
  readonly warmup: number;
}

export interface Prepared {
  readonly request: Request;
  /** Floating-point operations of one run. */
  readonly flops: number;
}

/**
 * Makes what a measurement of the spec at a path needs, its models in a folder. Null when the spec has no such program.
 */
export async function prepareBench(
  path: string,
  spec: TracedSpec,
  backend: Backend["kind"],
  { program: name, overrides, steps, warmup }: Wanted,
  folder: string,
): Promise<Prepared | null> {
  const built = buildProgram(spec, name);
  if (built === null) return null;
  const program = backend === "onnx" ? optimiseForOnnx(built, spec) : optimise(built, spec);
  const request = { kind: "request", program: name, inputs: inputsOf(program), steps, warmup } as const;
  const flops = flopsOfProgram(program);
  if (backend === "evaluator") {
    return { request: { ...request, backend: { kind: backend, path, overrides }, product: null }, flops };
  }
  if (backend === "onnx") {
    const product = buildProduct(productSize, "f32");
    const about = { ...spec, parameters: product.parameters };
    return {
      request: {
        ...request,
        backend: { kind: backend, model: await writeForOnnx(spec, program, join(folder, "model")) },
        product: { kind: backend, model: await writeForOnnx(about, product.program, join(folder, "product")) },
      },
      flops,
    };
  }
  const modelFolder = join(folder, "model");
  const model = { folder: modelFolder, index: writeModel(spec, modelFolder, { bf16Products: bf16ProductsHere() }) };
  const product = { kind: backend, model: writeProduct(spec, folder) };
  return { request: { ...request, backend: { kind: backend, model }, product }, flops };
}

/** Writes a program with first values, of which ONNX Runtime computes nothing before the run: its weights may be given. */
async function writeForOnnx(
  { parameters, trainable, settings }: Pick<TracedSpec, "parameters" | "trainable" | "settings">,
  program: Program,
  folder: string,
): Promise<WrittenOnnxModel> {
  const files = { folder, model: () => "model.onnx", frozen: "weights.data", trainable: "adapter.data" };
  const about = { spec: "", version: "", placements: [] };
  // All of a product's weights may change, or ONNX Runtime would multiply them while it loads.
  const changing = program.name === "product" ? new Set(parameters.map(({ path }) => path)) : trainable;
  const model = emitOnnx(program, { trainable: changing, gradients: false });
  const piecesOf = await withComputedOnce([program], firstValuesOf(parameters, settings.seed));
  writeOnnx(new Map([[program.name, model]]), files, piecesOf, about);
  const given = new Set(model.weights.map(({ name }) => name));
  return {
    file: join(folder, "model.onnx"),
    inputs: model.inputs.flatMap(({ name, type: { dtype, shape } }) =>
      given.has(name) ? [] : [{ name, dtype: dtype === "i32" ? ("int32" as const) : ("float32" as const), shape }],
    ),
    outputs: model.outputs.flatMap(({ name }) => (name.startsWith(nextPrefix) ? [] : [name])),
    next: model.outputs.flatMap(({ name }) =>
      name.startsWith(nextPrefix) ? [[name, name.slice(nextPrefix.length)] as const] : [],
    ),
  };
}

function writeProduct({ settings }: TracedSpec, folder: string) {
  const { program, parameters } = buildProduct(productSize, settings.precision);
  const inside = join(folder, "product");
  const about = { parameters, seed: 0, trainable: new Set<string>(), bf16Products: bf16ProductsHere() };
  return { folder: inside, index: writePrograms([program], about, inside) };
}
