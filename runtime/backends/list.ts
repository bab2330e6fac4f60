import type { TrainSettings } from "../../compiler/index.ts";
import type { Backend } from "./backend.ts";
import { evaluator } from "./evaluator/backend.ts";
import { type BackendName, backendNames, currentName } from "./names.ts";
import { onnx } from "./onnx/backend.ts";
import { tensorflow } from "./tensorflow/backend.ts";

const byName: Readonly<Record<BackendName, Backend>> = { tensorflow, onnx, evaluator };

/** All backends, the fastest first. */
export const backends: readonly Backend[] = backendNames().flatMap((name) => backendNamed(name) ?? []);

/** The backend of a name, an earlier one included. */
export function backendNamed(name: string): Backend | null {
  return Object.values(byName).find((backend) => backend.name === currentName(name)) ?? null;
}

/** Whether a backend is fast enough to train and evaluate with. */
export function isForTraining({ name }: Backend): boolean {
  return backendNames({ trains: true }).includes(name);
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
