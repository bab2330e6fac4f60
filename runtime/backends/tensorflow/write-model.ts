import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Bf16Products,
  buildProgram,
  emitModel,
  encodeSavedModel,
  type ModelIndex,
  type ModelSettings,
  optimise,
  type Program,
  type ProgramName,
  stepPrograms,
  type TracedSpec,
} from "../../../compiler/index.ts";
import { writeAtomically } from "../../files/index.ts";

const inference: readonly ProgramName[] = ["forward", "encode_image", "encode_text"];

export interface WriteOptions {
  /** Names values inside the model that `forward` gives as well. */
  readonly fetch?: readonly string[];
  /** How the machine that runs the model computes products in bf16; by its own instructions unless it is said. */
  readonly bf16Products?: Bf16Products;
}

/**
 * Writes a spec's programs as a TensorFlow SavedModel: `saved_model.pb`, and `medctc.json`, which says what its variables
 * are and how they are fed. Where `micro_batch` cuts the batch, the training step is there in pieces.
 */
export function writeModel(
  spec: TracedSpec,
  folder: string,
  { fetch = [], bf16Products = "native" }: WriteOptions = {},
): ModelIndex {
  const built = inference.flatMap((name) => buildProgram(spec, name, fetch) ?? []);
  const programs = [...built, ...(stepPrograms(spec) ?? [])].map((program) => optimise(program, spec));
  const { parameters, trainable, settings } = spec;
  return writePrograms(programs, { parameters, trainable, seed: settings.seed, bf16Products }, folder);
}

/** Writes programs that are ready to be run. */
export function writePrograms(programs: readonly Program[], settings: ModelSettings, folder: string): ModelIndex {
  const { model, index } = emitModel(programs, settings);
  mkdirSync(folder, { recursive: true });
  writeAtomically(join(folder, "saved_model.pb"), encodeSavedModel(model));
  writeAtomically(join(folder, "medctc.json"), `${JSON.stringify(index)}\n`);
  return index;
}
