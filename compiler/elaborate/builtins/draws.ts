import { Builder, type Distribution, drawnNode, seedInput, siteOf } from "../../ir/index.ts";
import { type TensorValue, tensor } from "../values.ts";
import type { BuiltinCall } from "./builtin.ts";

/**
 * A tensor of numbers that are drawn. In a first value they follow from the seed of the run, the parameter that it is of, and the place of
 * the call in it; elsewhere they are others in each step.
 */
export function drawnTensor(from: Distribution, call: BuiltinCall): TensorValue {
  const { trace, span } = call;
  const shape = call.numbers("sizes");
  if (shape.some((size) => size < 0)) call.refuse("sizes", "a list of sizes");
  const of = trace.firstValueOf;
  if (of === null) return call.add({ op: "draw", from, shape });
  const site = siteOf(`${of.path} ${of.draws++}`);
  const seed = call.add({ op: "input", name: seedInput, type: { dtype: "i32", shape: [] } });
  // The seed takes the place of the step, which first values have none of.
  const random = (offset: 0 | 1) =>
    call.add({ op: "random_uniform", seed: 0, site: site + offset, shape }, seed.node).node;
  const build = new Builder(trace.graph, { path: trace.path, span });
  return tensor(drawnNode(from, { dtype: "f32", shape }, random, build));
}
