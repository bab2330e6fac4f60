import { join } from "node:path";
import {
  buildProduct,
  buildProgram,
  emitOnnx,
  firstValuesOf,
  flopsOfProgram,
  inputsOf,
  optimise,
  optimiseForOnnx,
  type Program,
  stepPrograms,
  type TracedSpec,
  type TrainOverrides,
} from "../../compiler/index.ts";
import { bf16ProductsHere } from "../native/index.ts";
import { signatureOf, withComputedOnce, writeOnnx } from "../onnx/index.ts";
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
  const { batch, microBatch } = spec.settings;
  // The evaluator takes a batch at once: it keeps everything anyway.
  const rows = { batch, microBatch: backend === "evaluator" || name !== "step" ? batch : microBatch };
  const parts = rows.microBatch === batch ? [built] : stepPrograms(spec);
  if (parts === null) return null;
  const programs = parts.map((part) => (backend === "onnx" ? optimiseForOnnx(part, spec) : optimise(part, spec)));
  const request = { kind: "request", program: name, inputs: inputsOf(built), rows, steps, warmup } as const;
  const flops = programs.reduce(
    (sum, program) => sum + timesOf(program, batch / rows.microBatch) * flopsOfProgram(program),
    0,
  );
  if (backend === "evaluator") {
    return { request: { ...request, backend: { kind: backend, path, overrides }, product: null }, flops };
  }
  if (backend === "onnx") {
    const product = buildProduct(productSize, "f32");
    const about = { ...spec, parameters: product.parameters };
    return {
      request: {
        ...request,
        backend: { kind: backend, model: await writeForOnnx(spec, programs, join(folder, "model")) },
        product: { kind: backend, model: await writeForOnnx(about, [product.program], join(folder, "product")) },
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
  programs: readonly Program[],
  folder: string,
): Promise<WrittenOnnxModel> {
  const files = { folder, model: (name: string) => `${name}.onnx`, frozen: "weights.data", trainable: "adapter.data" };
  const about = { spec: "", version: "", placements: [] };
  const models = new Map(
    programs.map((program) => {
      // All of a product's weights may change, or ONNX Runtime would multiply them while it loads.
      const changing = program.name === "product" ? new Set(parameters.map(({ path }) => path)) : trainable;
      const given = program.name !== "product" && program.name !== "forward";
      return [program.name, emitOnnx(program, { trainable: changing, gradients: false, given })] as const;
    }),
  );
  writeOnnx(models, files, await withComputedOnce(programs, firstValuesOf(parameters, settings.seed)), about);
  return {
    files: [...models.keys()].map((name) => [name, join(folder, files.model(name))]),
    signatures: [...models].map(([name, model]) => signatureOf(name, model)),
  };
}

/** How often a program runs in a step of so many pieces. */
function timesOf({ name }: Program, pieces: number): number {
  return name === "embed" || name === "backpropagate" ? pieces : 1;
}

function writeProduct({ settings }: TracedSpec, folder: string) {
  const { program, parameters } = buildProduct(productSize, settings.precision);
  const inside = join(folder, "product");
  const about = { parameters, seed: 0, trainable: new Set<string>(), bf16Products: bf16ProductsHere() };
  return { folder: inside, index: writePrograms([program], about, inside) };
}
