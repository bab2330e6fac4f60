import { byteCount, type Node, neededFor, type Program } from "../../../ir/index.ts";
import { type Work, workOf } from "../../../ops/index.ts";
import { ownKernels, type RowPrograms } from "../kernels.ts";
import { isRowProgram, joinRows, readOutside, type Unit } from "./units.ts";

/** What a program runs, and what its row programs give to others. */
export interface ProgramUnits {
  readonly nodes: readonly Node[];
  readonly units: readonly Unit[];
  readonly read: ReadonlySet<Node>;
}

export function unitsOf(program: Program, rows: RowPrograms): ProgramUnits {
  const given = [...program.outputs.values(), ...program.updates.values()];
  // What is computed once for several programs stands in their graphs.
  const nodes = neededFor(given);
  const units = rows === "none" ? nodes.map(alone) : joinRows(nodes, rows.from);
  return { nodes, units, read: readOutside(units.filter(isRowProgram), nodes, given) };
}

function alone(node: Node): Unit {
  return { members: [node], space: null };
}

/** What TensorFlow does in a run of a program: a row program moves what it reads and gives, and nothing in between. */
export function tensorflowWork(program: Program): readonly Work[] {
  const { units, read } = unitsOf(program, ownKernels.rows);
  return units.flatMap((unit) => (isRowProgram(unit) ? workOfRows(unit, read) : unit.members.map(workOf)));
}

function workOfRows({ members }: Unit, read: ReadonlySet<Node>): Work {
  const own = new Set(members);
  const inputs = new Set(members.flatMap((member) => member.inputs.filter((input) => !own.has(input))));
  const moved = [...inputs, ...members.filter((member) => read.has(member))];
  return { product: null, bytes: moved.reduce((sum, { type }) => sum + byteCount(type), 0) };
}
