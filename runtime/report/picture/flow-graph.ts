import { type FlowUnit, type PlannedFlow, printType } from "../../../compiler/index.ts";
import { at } from "../../at.ts";

/** The arrows from one unit to another, as one. */
export interface Connection {
  readonly from: number;
  readonly to: number;
  /** What flows: `vision.tokens, f32[8, 24, 24, 24, 512]`. */
  readonly values: readonly string[];
}

/** The units of a flow, sorted for a picture of it. */
export interface FlowGraph {
  readonly units: readonly FlowUnit[];
  /** Without those that would close a circle. */
  readonly connections: readonly Connection[];
  /** Each unit after what it uses, with what only it uses right before it. */
  readonly order: readonly number[];
  /**
   * Rows of a picture that goes from top to bottom: an encoder as high as what it uses lets it be, so that encoders stand
   * side by side; what else there is right above the first that uses it.
   */
  readonly rows: readonly (readonly number[])[];
}

export function graphOf({ units, arrows }: PlannedFlow): FlowGraph {
  const merged = new Map<string, { from: number; to: number; values: string[] }>();
  for (const { from, to, value, type } of arrows) {
    const key = `${from} ${to}`;
    const connection = merged.get(key) ?? { from, to, values: [] };
    merged.set(key, connection);
    connection.values.push([value, printType(type)].filter((part) => part !== "").join(", "));
  }
  const all = [...merged.values()];
  const order: number[] = [];
  const state = new Map<number, "open" | "done">();
  const connections: Connection[] = [];
  const visit = (unit: number): void => {
    state.set(unit, "open");
    for (const connection of all.filter(({ to }) => to === unit).sort((a, b) => a.from - b.from)) {
      if (state.get(connection.from) === "open") continue;
      connections.push(connection);
      if (!state.has(connection.from)) visit(connection.from);
    }
    state.set(unit, "done");
    order.push(unit);
  };
  const ends = units.flatMap((unit, index) => (unit.kind === "loss" ? [index] : []));
  const feeding = new Set(all.map(({ from }) => from));
  const others = units.flatMap((_, index) => (feeding.has(index) ? [] : [index]));
  for (const index of [...ends, ...others, ...units.keys()]) if (!state.has(index)) visit(index);
  return { units, connections, order, rows: rowsOf(units, connections, order) };
}

function rowsOf(
  units: readonly FlowUnit[],
  connections: readonly Connection[],
  order: readonly number[],
): readonly (readonly number[])[] {
  const ranks: number[] = [];
  for (const unit of order) {
    const above = connections.filter(({ to }) => to === unit).map(({ from }) => at(ranks, from));
    ranks[unit] = above.length === 0 ? 0 : Math.max(...above) + 1;
  }
  const last = Math.max(...ranks, 0);
  for (const unit of [...order].reverse()) {
    const below = connections.filter(({ from }) => from === unit).map(({ to }) => at(ranks, to));
    if (below.length > 0 && units[unit]?.kind !== "encoder") ranks[unit] = Math.min(...below) - 1;
  }
  return Array.from({ length: last + 1 }, (_, rank) => order.filter((unit) => ranks[unit] === rank)).filter(
    (row) => row.length > 0,
  );
}
