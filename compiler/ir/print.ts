import { allNodesOf, type Program } from "./program.ts";
import { type Node, type Operation, printType } from "./types.ts";

/** A program as text: a line a node in the order of evaluation, then what it gives. The same for the same program. */
export function printProgram(program: Program): string {
  const numbers = new Map<Node, number>();
  const lines = allNodesOf(program).map((node, index) => {
    numbers.set(node, index);
    const inputs = node.inputs.map((input) => `%${numbers.get(input) ?? "?"}`).join(", ");
    const path = node.origin.path === "" ? "" : `  # ${node.origin.path}`;
    return `%${index} = ${node.operation.op}(${inputs})${printAttributes(node.operation)} : ${printType(node.type)}${path}`;
  });
  const list = (kind: string, nodes: ReadonlyMap<string, Node>): readonly string[] =>
    [...nodes].map(([name, node]) => `${kind} ${name} = %${numbers.get(node) ?? "?"}`);
  const results = [
    ...list("once", program.once),
    ...list("output", program.outputs),
    ...list("update", program.updates),
  ];
  return `program ${program.name}\n${[...lines, ...results].map((line) => `  ${line}\n`).join("")}`;
}

function printAttributes(operation: Operation): string {
  const entries = Object.entries(operation).filter(([name]) => name !== "op" && name !== "type");
  return entries.length === 0
    ? ""
    : ` {${entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ")}}`;
}
