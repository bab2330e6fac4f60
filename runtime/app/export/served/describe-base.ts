import { type EvalSettings, encodeOnnx, type OnnxModel, type Place, promptTexts } from "../../../../compiler/index.ts";
import { contractOfSpec } from "../../../data/index.ts";
import { sha256Of } from "../../../files/index.ts";
import { version } from "../../../machine/index.ts";
import type { EmittedPrograms } from "../emit-programs.ts";
import type { Manifest, ServedFile, ServedProgram, ServedValue } from "./manifest.ts";
import type { ServedTypes } from "./served-types.ts";

/** SHA-256 of what a program computes: its graph and where its weights are, without the spec's text. */
export function graphHash(name: string, model: OnnxModel, places: ReadonlyMap<string, Place>): string {
  return sha256Of(encodeOnnx(model, { name, version: "", places, metadata: new Map() }));
}

/** Files of a base, by the names of its programs. */
export interface BaseFiles {
  readonly weights: ServedFile;
  readonly programs: ReadonlyMap<string, ServedFile>;
}

/** The manifest of a base that was written, without adapters. */
export function describeBase(
  { compiled, models }: EmittedPrograms,
  served: ServedTypes,
  places: ReadonlyMap<string, Place>,
  { weights, programs: files }: BaseFiles,
  about: Pick<Manifest, "spec_sha256" | "half" | "in_single" | "integers" | "raised_ranks" | "batch">,
): Manifest {
  const programs = [...models].flatMap(([name, model]): readonly (readonly [string, ServedProgram])[] => {
    const file = files.get(name);
    return file === undefined ? [] : [[name, programOf(name, model, served, places, file)]];
  });
  const lines = [weights, ...files.values()].map(({ file, sha256 }) => `${file} ${sha256}\n`);
  return {
    format: "medctc.adapters",
    version: 1,
    medctc: version,
    ...about,
    base: { sha256: sha256Of(lines.join("")), weights, programs: Object.fromEntries(programs) },
    contract: contractOfSpec(compiled.spec),
    zero_shot: zeroShotOf(compiled.spec.evaluation),
    tensors: Object.fromEntries([...served].map(([path, { shape }]) => [path, [...shape]])),
    adapters: {},
  };
}

function programOf(
  name: string,
  model: OnnxModel,
  served: ServedTypes,
  places: ReadonlyMap<string, Place>,
  file: ServedFile,
): ServedProgram {
  const value = ({ name: of, type: { dtype, shape, sizes = shape } }: OnnxModel["inputs"][number]): ServedValue => ({
    name: of,
    type: dtype === "i32" ? "int32" : "float32",
    shape: [...sizes],
  });
  return {
    ...file,
    graph_sha256: graphHash(name, model, places),
    inputs: model.inputs.filter((input) => !served.has(input.name)).map(value),
    adapter_inputs: model.inputs.flatMap((input) => (served.has(input.name) ? [input.name] : [])),
    outputs: model.outputs.map(value),
  };
}

function zeroShotOf({ classes, tasks }: EvalSettings): Manifest["zero_shot"] {
  const task = tasks.find((each) => each.kind === "zero_shot");
  if (task?.kind !== "zero_shot") return null;
  const { prompts, average } = task;
  return {
    average,
    classes: classes.map((name) => {
      const texts = promptTexts({ classes: [name], prompts });
      const { length } = prompts.present;
      return { name, present: texts.slice(0, length), absent: texts.slice(length) };
    }),
  };
}
