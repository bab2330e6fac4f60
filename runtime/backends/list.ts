import type { TrainSettings } from "../../compiler/index.ts";
import type { Backend, ModelBackend, ProgramBackend } from "./backend.ts";
import { evaluator } from "./evaluator/backend.ts";
import { backendNames, currentName, type NameOf } from "./names.ts";
import { onnx } from "./onnx/backend.ts";
import { pytorch } from "./pytorch/backend.ts";
import { tensorflow } from "./tensorflow/backend.ts";

const byName: Readonly<Record<NameOf<"programs">, ProgramBackend> & Record<NameOf<"models">, ModelBackend>> = {
  tensorflow,
  onnx,
  pytorch,
  evaluator,
};

/** All backends, in the order in which `auto` tries them. */
export const backends: readonly Backend[] = backendNames().flatMap((name) => backendNamed(name) ?? []);

/** Those that are fast enough to train and evaluate with. */
export const trainingBackends = backends.filter(isForTraining);

/** Those that run programs one by one. */
export const programBackends = backends.filter((each) => each.runs === "programs");

/** The backend of a name, an earlier one included. */
export function backendNamed(name: NameOf<"programs">): ProgramBackend | null;
export function backendNamed(name: string): Backend | null;
export function backendNamed(name: string): Backend | null {
  return Object.values(byName).find((backend) => backend.name === currentName(name)) ?? null;
}

/** Whether a backend is fast enough to train and evaluate with. */
export function isForTraining({ name }: Backend): boolean {
  return backendNames("training").includes(name);
}

/** The precision in which a backend computes a spec of some precision. */
export function precisionOn(
  { productType }: Backend,
  precision: TrainSettings["precision"],
): TrainSettings["precision"] {
  return productType(precision) ?? precision;
}

/** A backend in words: its name, and its version where it has one. */
export function engineName({ title, version }: Backend): string {
  const known = version();
  return known === null ? title : `${title} ${known}`;
}
