import { elementCount } from "../../ir/index.ts";
import { numbersKept, type TracedSpec } from "../../programs/index.ts";

/** Bytes of the tensors in a checkpoint of a training: what is trained, and what is kept for that. */
export function checkpointBytes({ parameters, trainable, settings }: TracedSpec): number {
  return parameters
    .filter(({ path }) => trainable.has(path))
    .reduce((sum, { type }) => sum + 4 * (elementCount(type) + numbersKept(settings, type.shape)), 0);
}
