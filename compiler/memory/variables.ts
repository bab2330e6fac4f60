import { neededFor } from "../ir/evaluate.ts";
import { byteCount, type Node, type TensorType } from "../ir/types.ts";
import type { Program } from "../programs/program.ts";

/**
 * Bytes of what stays between runs of a program with these nodes: weights, what the optimizer keeps, and what is computed
 * once with the weights that it is computed from. A frozen weight that is read only in bf16 is kept only so.
 */
export function variableBytesOf({ once }: Program, nodes: readonly Node[]): number {
  const types = new Map<string, TensorType>();
  const computed: Node[] = [];
  const add = ({ operation, type }: Node): void => {
    if (operation.op !== "parameter") return;
    types.set(operation.path, type);
    const source = once.get(operation.path);
    if (source !== undefined && !isCastWeight(source)) computed.push(source);
  };
  for (const node of nodes) add(node);
  for (const node of neededFor(computed)) add(node);
  let bytes = 0;
  for (const type of types.values()) bytes += byteCount(type);
  return bytes;
}

/** A weight in another type, which is stored in that type as it is fed. */
function isCastWeight({ operation, inputs: [source] }: Node): boolean {
  return operation.op === "cast" && source?.operation.op === "parameter";
}
