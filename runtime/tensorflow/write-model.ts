import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  buildProgram,
  emitModel,
  encodeSavedModel,
  type ModelIndex,
  optimise,
  type ProgramName,
  type TracedSpec,
} from "../../compiler/index.ts";
import { writeAtomically } from "../files/index.ts";

const programNames: readonly ProgramName[] = ["forward", "encode_image", "encode_text", "step"];

/**
 * Writes a spec's programs as a TensorFlow SavedModel: `saved_model.pb`, and `medctc.json`, which says what its variables
 * are and how they are fed. `fetch` names values inside the model that `forward` gives as well.
 */
export function writeModel(spec: TracedSpec, folder: string, fetch: readonly string[] = []): ModelIndex {
  const programs = programNames.flatMap((name) => {
    const program = buildProgram(spec, name, fetch);
    return program === null ? [] : [optimise(program, spec)];
  });
  const init = buildProgram(spec, "init");
  if (init === null) throw new Error("every model has first values");
  const { model, index } = emitModel(programs, init, spec.trainable);
  mkdirSync(folder, { recursive: true });
  writeAtomically(join(folder, "saved_model.pb"), encodeSavedModel(model));
  writeAtomically(join(folder, "medctc.json"), `${JSON.stringify(index)}\n`);
  return index;
}
