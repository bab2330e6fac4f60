import { Builder, type Program } from "../ir/index.ts";
import { nameOf } from "../programs/index.ts";
import { gradientOutputs, lossOf } from "./gradients.ts";

/** Adds the gradients of parameters to what the micro-batches before have added up. */
export function accumulateGradients(program: Program): Program {
  const build = new Builder(program.graph, lossOf(program).origin);
  const outputs = new Map(program.outputs);
  const updates = new Map(program.updates);
  for (const [path, gradient] of gradientOutputs(program)) {
    const sum = nameOf({ kind: "gradient-sum", parameter: path });
    const before = build.add({ op: "parameter", path: sum, type: gradient.type });
    updates.set(sum, build.add({ op: "add" }, before, gradient));
    outputs.delete(nameOf({ kind: "gradient", parameter: path }));
  }
  return { ...program, outputs, updates };
}
