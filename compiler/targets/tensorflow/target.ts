import type { Program } from "../../ir/index.ts";
import type { ProgramName } from "../../names.ts";
import { optimise } from "../../passes/index.ts";
import { buildProgram, stepPrograms, type TracedSpec } from "../../programs/index.ts";
import type { Target, TargetFile } from "../target.ts";
import { type EmittedModel, emitModel } from "./emit-model.ts";
import { encodeSavedModel } from "./encode.ts";

/** A SavedModel, whose weights are fed, or initialised, in whoever runs it. */
export const tensorflow: Target<"tensorflow"> = {
  name: "tensorflow",
  optimise: (program, context) => optimise(program, context),
  files: (spec) => {
    const { parameters, trainable, settings } = spec;
    const about = { parameters, trainable, seed: settings.seed, bf16Products: "native" } as const;
    return modelFiles(emitModel(modelPrograms(spec), about));
  },
};

const inference: readonly ProgramName[] = ["forward", "encode_image", "encode_text"];

/**
 * The programs of a spec's model, ready to be written; `forward` gives the values that `fetch` names as well. Where
 * `micro_batch` cuts the batch, the training step is there in its parts.
 */
export function modelPrograms(spec: TracedSpec, fetch: readonly string[] = []): readonly Program[] {
  const built = inference.flatMap((name) => buildProgram(spec, name, fetch) ?? []);
  return [...built, ...(stepPrograms(spec) ?? [])].map((program) => tensorflow.optimise(program, spec));
}

/** The files of a model: the graph, and what its variables are and how they are fed. */
export function modelFiles({ model, index }: EmittedModel): readonly TargetFile[] {
  return [
    { name: "saved_model.pb", content: encodeSavedModel(model) },
    { name: "medctc.json", content: `${JSON.stringify(index)}\n` },
  ];
}
