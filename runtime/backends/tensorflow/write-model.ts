import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Bf16Products,
  emitModel,
  type ModelIndex,
  type ModelSettings,
  modelFiles,
  modelPrograms,
  noKernels,
  type OwnKernels,
  type Program,
  type TracedSpec,
} from "../../../compiler/index.ts";
import { writeAtomically } from "../../files/index.ts";

export interface WriteOptions {
  /** Names values inside the model that `forward` gives as well. */
  readonly fetch?: readonly string[];
  /** How the machine that runs the model computes products in bf16; by its own instructions unless it is said. */
  readonly bf16Products?: Bf16Products;
  /** Which of our operations it knows; none unless it is said. */
  readonly kernels?: OwnKernels;
}

/** Writes a spec's programs as a TensorFlow SavedModel. */
export function writeModel(
  spec: TracedSpec,
  folder: string,
  { fetch = [], bf16Products = "native", kernels = noKernels }: WriteOptions = {},
): ModelIndex {
  const programs = modelPrograms(spec, fetch);
  const { parameters, trainable, settings } = spec;
  return writePrograms(programs, { parameters, trainable, seed: settings.seed, bf16Products, kernels }, folder);
}

/** Writes programs that are ready to be run. */
export function writePrograms(programs: readonly Program[], settings: ModelSettings, folder: string): ModelIndex {
  const emitted = emitModel(programs, settings);
  mkdirSync(folder, { recursive: true });
  for (const { name, content } of modelFiles(emitted)) writeAtomically(join(folder, name), content);
  return emitted.index;
}
