import { flopsOfProgram, nodesOf, optimise, type Program, printFlops, type TracedSpec } from "../../compiler/index.ts";
import { printCount, renderTable } from "../text/index.ts";

/**
 * What each pass leaves of a program: operations and floating-point operations of a run, and what is computed once. What
 * passes require and ensure, and the types of all nodes, are checked on the way.
 */
export function renderPassTable(program: Program, spec: TracedSpec): string {
  const rows = [["pass", "operations", "FLOPs", "matmul", "once"], row("before", program)];
  optimise(program, spec, { isChecked: true, after: (name, current) => void rows.push(row(name, current)) });
  return renderTable(rows, ["left", "right", "right", "right", "right"]);
}

function row(name: string, program: Program): readonly string[] {
  const nodes = nodesOf(program);
  const products = nodes.filter(({ operation }) => operation.op === "matmul").length;
  return [
    name,
    printCount(nodes.length),
    printFlops(flopsOfProgram(program)),
    printCount(products),
    printCount(program.once.size),
  ];
}
