import { join } from "node:path";
import {
  buildProduct,
  buildProgram,
  flopsOfProgram,
  optimise,
  type TracedSpec,
  type TrainOverrides,
} from "../../compiler/index.ts";
import { bf16ProductsHere } from "../native/index.ts";
import { writeModel, writePrograms } from "../tensorflow/index.ts";
import { inputsOf } from "./inputs.ts";
import type { Backend, MeasuredProgram, Request } from "./messages.ts";

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
export function prepareBench(
  path: string,
  spec: TracedSpec,
  backend: Backend["kind"],
  { program: name, overrides, steps, warmup }: Wanted,
  folder: string,
): Prepared | null {
  const built = buildProgram(spec, name);
  if (built === null) return null;
  const program = optimise(built, spec);
  const request = { kind: "request", program: name, inputs: inputsOf(program), steps, warmup } as const;
  const flops = flopsOfProgram(program);
  if (backend === "evaluator") {
    return { request: { ...request, backend: { kind: backend, path, overrides }, product: null }, flops };
  }
  const modelFolder = join(folder, "model");
  const model = { folder: modelFolder, index: writeModel(spec, modelFolder, { bf16Products: bf16ProductsHere() }) };
  return { request: { ...request, backend: { kind: backend, model }, product: writeProduct(spec, folder) }, flops };
}

function writeProduct({ settings }: TracedSpec, folder: string) {
  const { program, parameters } = buildProduct(productSize, settings.precision);
  const inside = join(folder, "product");
  const about = { parameters, seed: 0, trainable: new Set<string>(), bf16Products: bf16ProductsHere() };
  return { folder: inside, index: writePrograms([program], about, inside) };
}
