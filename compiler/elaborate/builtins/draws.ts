import { Builder, type DrawnValue, drawnNode, seedInput, siteOf } from "../../ir/index.ts";
import { type TensorValue, tensor } from "../values.ts";
import type { BuiltinCall } from "./builtin.ts";

/** A tensor of numbers that follow from the seed of the run, the parameter whose first value this is, and the place of the call in it. */
export function drawnTensor(initial: DrawnValue, call: BuiltinCall): TensorValue {
  const { trace, span, name } = call;
  const of = call.firstValue(`${name}(..., sizes)`);
  const shape = call.numbers("sizes");
  if (shape.some((size) => size < 0)) call.refuse("sizes", "a list of sizes");
  const site = siteOf(`${of.path} ${of.draws++}`);
  const seed = call.add({ op: "input", name: seedInput, type: { dtype: "i32", shape: [] } });
  // The seed takes the place of the step, which first values have none of.
  const random = (offset: 0 | 1) =>
    call.add({ op: "random_uniform", seed: 0, site: site + offset, shape }, seed.node).node;
  const build = new Builder(trace.graph, { path: trace.path, span });
  return tensor(drawnNode(initial, { dtype: "f32", shape }, random, build));
}
