import type { OperationRun } from "../backends/tensorflow/index.ts";

/** The time of some operations of a run. */
export interface Share {
  readonly name: string;
  readonly ms: number;
  /** Of the time of all operations, from 0 to 1. */
  readonly share: number;
  readonly count: number;
}

/** Where the time of one run goes. */
export interface Profile {
  readonly ms: number;
  /** By the operations' kinds, the longest first. */
  readonly operations: readonly Share[];
  /** By the modules that the operations come from, the longest first. */
  readonly modules: readonly Share[];
}

/** How much of a module's path the table tells apart: `vision/spatial`. */
const levels = 2;

const outside = "(no module)";

export function profileOf(runs: readonly OperationRun[]): Profile {
  const total = runs.reduce((sum, { microseconds }) => sum + microseconds, 0);
  return {
    ms: total / 1000,
    operations: shares(runs, total, ({ operation }) => operation),
    modules: shares(runs, total, ({ node }) => moduleOf(node).split("/").slice(0, levels).join("/")),
  };
}

function shares(runs: readonly OperationRun[], total: number, nameOf: (run: OperationRun) => string): readonly Share[] {
  const sums = new Map<string, { microseconds: number; count: number }>();
  for (const run of runs) {
    const name = nameOf(run);
    const sum = sums.get(name) ?? { microseconds: 0, count: 0 };
    sums.set(name, { microseconds: sum.microseconds + run.microseconds, count: sum.count + 1 });
  }
  return [...sums]
    .map(([name, { microseconds, count }]) => ({
      name,
      ms: microseconds / 1000,
      share: total === 0 ? 0 : microseconds / total,
      count,
    }))
    .sort((a, b) => b.ms - a.ms || (a.name < b.name ? -1 : 1));
}

/** Parts of names that TensorFlow's own rewrites put between the program's. */
const rewrites = /^[A-Z]\w*(Optimizer|Folding)$/;

/** Parts of a program that no module has: their nodes are told by what they are for. */
const parts: ReadonlySet<string> = new Set(["inputs", "updates", "outputs"]);

/**
 * The module that a node comes from, forward and backward alike: `step/gradients/vision/spatial/norm/Mul_9` is of
 * `vision/spatial/norm`.
 */
export function moduleOf(node: string): string {
  const [program, ...rest] = node.split("/").filter((part) => !rewrites.test(part));
  if (program !== "step" && program !== "forward") return outside;
  const path = (rest[0] === "gradients" ? rest.slice(1) : rest).slice(0, -1);
  const [first] = path;
  if (first === undefined) return outside;
  return parts.has(first) ? `(${first})` : path.join("/");
}

/** The run as a trace for chrome://tracing and Perfetto: one event for each operation. */
export function traceOf(runs: readonly OperationRun[]): string {
  const traceEvents = runs.map(({ node, operation, thread, startMicroseconds, microseconds }) => {
    const module = moduleOf(node);
    return {
      name: node,
      cat: module,
      ph: "X",
      ts: startMicroseconds,
      dur: microseconds,
      pid: 1,
      tid: thread,
      args: { operation, module },
    };
  });
  return `${JSON.stringify({ displayTimeUnit: "ms", traceEvents })}\n`;
}
