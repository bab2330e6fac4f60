import { at } from "../../lowering/index.ts";
import { typeAttribute } from "../graphdef.ts";
import type { Lowering } from "./context.ts";

/**
 * Numbers that follow from the seed, the step and the site alone, by TensorFlow's own counter-based generator. They are
 * not the reference evaluator's, but they are the same in every run.
 */
export const randomUniform: Lowering<"random_uniform"> = ({ seed, site, shape }, inputs, type, target) => {
  const key = target.constant({ dtype: "i32", shape: [1] }, [(seed ^ Math.imul(site + 1, 0x9e3779b9)) | 0]);
  // TensorFlow would draw the numbers of a constant step while it loads the graph, all of them at once. What `Empty` gives,
  // a zero, is no constant to it.
  const zero = target.add("Empty", [target.list([1])], {
    dtype: typeAttribute("i32"),
    init: { kind: "bool", value: true },
  });
  const step = target.add("AddV2", [at(inputs, 0).name, zero], { T: typeAttribute("i32") });
  const axis = target.constant({ dtype: "i32", shape: [] }, [0]);
  const pair = target.add("ConcatV2", [key, step, axis], {
    N: { kind: "int", value: 2 },
    T: typeAttribute("i32"),
    Tidx: typeAttribute("i32"),
  });
  return target.add("StatelessRandomUniform", [target.list(shape), pair], {
    dtype: typeAttribute(type.dtype),
    T: typeAttribute("i32"),
    Tseed: typeAttribute("i32"),
  });
};
