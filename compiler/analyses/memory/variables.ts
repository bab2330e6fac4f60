import { byteCount, type Node, neededFor, nodesOf, type Program, type TensorType } from "../../ir/index.ts";

/**
 * Bytes of what stays between runs of some programs: weights, what the optimizer keeps, and what is computed once with the
 * weights that it is computed from. A frozen weight that is read only in bf16 is kept only so.
 */
export function variableBytesOf(programs: readonly Program[]): number {
  const types = new Map<string, TensorType>();
  for (const program of programs) {
    const { name, once } = program;
    const computed: Node[] = [];
    const add = ({ operation, type }: Node): void => {
      if (operation.op !== "parameter") return;
      const source = once.get(operation.path);
      // What is computed once has a number, which another program gives to something else.
      const isComputed = source !== undefined && !isCastWeight(source);
      types.set(isComputed ? `${name} ${operation.path}` : (pathOf(source) ?? operation.path), type);
      if (isComputed) computed.push(source);
    };
    for (const node of nodesOf(program)) add(node);
    for (const node of neededFor(computed)) add(node);
  }
  let bytes = 0;
  for (const type of types.values()) bytes += byteCount(type);
  return bytes;
}

/** The weight that is cast once, when it is one. */
function pathOf(source: Node | undefined): string | null {
  const weight = source?.inputs[0]?.operation;
  return weight?.op === "parameter" ? `${weight.path} cast` : null;
}

/** A weight in another type, which is stored in that type as it is fed. */
function isCastWeight({ operation, inputs: [source] }: Node): boolean {
  return operation.op === "cast" && source?.operation.op === "parameter";
}
