import { join } from "node:path";
import * as v from "valibot";
import type { ModelContract } from "../../../data/index.ts";
import { kindOfPath, readFileText, writeAtomically } from "../../../files/index.ts";
import { readOwnJson } from "../../../json/index.ts";

/** The file in a folder of served programs that says what belongs together. */
export const manifestFile = "adapters.json";

/** The adapter that changes nothing: the model as it is without any. A base of prompts or prefixes has none such. */
export const baseName = "base";

const file = v.object({ file: v.string(), bytes: v.number(), sha256: v.string() });

/** A value that a run takes or gives; a size is a name where it depends on the batch. */
const value = v.object({
  name: v.string(),
  type: v.picklist(["float32", "int32"]),
  shape: v.array(v.union([v.number(), v.string()])),
});

const program = v.object({
  ...file.entries,
  /** SHA-256 of the graph alone, without the spec's text and whose weights are in it. */
  graph_sha256: v.string(),
  inputs: v.array(value),
  /** The inputs that are an adapter's tensors, by their names in `tensors`. */
  adapter_inputs: v.array(v.string()),
  outputs: v.array(value),
});

const adapter = v.object({
  safetensors: file,
  /** The same for ONNX Runtime's own loader, by program, where that can read the tensors. */
  onnx_adapters: v.record(v.string(), file),
  placements: v.array(v.string()),
  /** Those that it has by itself of updates of low rank, ascending, each once. */
  ranks: v.array(v.number()),
  /** Those up to which zeros stand beside matrices of lower ones: what they compute is the same. */
  padded_to: v.optional(v.array(v.number()), []),
  /** What volumes and texts it was trained on, as `contract` of the base. */
  contract: v.unknown(),
});

export const manifestSchema = v.object({
  format: v.literal("medctc.adapters"),
  version: v.literal(1),
  medctc: v.string(),
  spec_sha256: v.string(),
  half: v.boolean(),
  /** The products of each program that stay in 32 bits all the same, by their places. */
  in_single: v.record(v.string(), v.array(v.number())),
  /** Weights in 8 bits: of each the axis of which every slice has a scale. */
  integers: v.optional(v.record(v.string(), v.number()), {}),
  /** Ranks of placed adapters, by their names, where the base has room for higher ones than the spec says. */
  raised_ranks: v.optional(v.record(v.string(), v.number()), {}),
  batch: v.union([v.number(), v.literal("dynamic")]),
  base: v.object({
    /** SHA-256 of a line for each file, its name and its SHA-256: the weights first, then the programs as they stand here. */
    sha256: v.string(),
    weights: file,
    programs: v.record(v.string(), program),
  }),
  /** What the programs take of files and texts, by input. */
  contract: v.unknown(),
  /** The texts of zero-shot classification, by class; null for a model without. */
  zero_shot: v.nullable(
    v.object({
      /** Of several prompts a side: the mean of their unit latents as a unit vector, or the mean of the scores of all pairs. */
      average: v.picklist(["latent", "score"]),
      classes: v.array(v.object({ name: v.string(), present: v.array(v.string()), absent: v.array(v.string()) })),
    }),
  ),
  /** An adapter's tensors: their shapes. Its file says which are integers. */
  tensors: v.record(v.string(), v.array(v.number())),
  adapters: v.record(v.string(), adapter),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;
export type ServedProgram = v.InferOutput<typeof program>;
export type ServedAdapter = Omit<v.InferOutput<typeof adapter>, "contract"> & { readonly contract: ModelContract };
export type ServedValue = v.InferOutput<typeof value>;
export type ServedFile = v.InferOutput<typeof file>;

/** The manifest of a folder; null where there is none, or another file of that name. */
export function readManifest(folder: string): Manifest | null {
  const path = join(folder, manifestFile);
  if (kindOfPath(path) !== "file") return null;
  const text = readFileText(path);
  return readOwnJson(text, manifestSchema);
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeAtomically(join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
}
