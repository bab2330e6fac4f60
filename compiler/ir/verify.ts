import { inferType } from "../ops/index.ts";
import { allNodesOf, type Program } from "./program.ts";
import { printType } from "./types.ts";

/** What is wrong with a program, in words: what a pass has broken. Empty when all is well. */
export function verify(program: Program): readonly string[] {
  const problems: string[] = [];
  const seen = new Set<number>();
  for (const { id, operation, inputs, type } of allNodesOf(program)) {
    if (seen.has(id)) problems.push(`two nodes have the number ${id}`);
    seen.add(id);
    if (program.graph.nodes[id]?.operation !== operation) problems.push(`%${id} is not in its graph`);
    for (const input of inputs) if (input.id >= id) problems.push(`%${id} stands before its input %${input.id}`);
    const inferred = inferType(
      operation,
      inputs.map((input) => input.type),
    );
    if (typeof inferred === "string") problems.push(`%${id} ${operation.op}: ${inferred}`);
    else if (printType(inferred) !== printType(type)) {
      problems.push(`%${id} ${operation.op} is ${printType(type)}, and gives ${printType(inferred)}`);
    }
  }
  return problems;
}
