import { drawnNode, type Node, type Program, rewrite } from "../ir/index.ts";
import { traitsOf, uniformValue } from "../ops/index.ts";
import { simplified } from "./simplify.ts";

/**
 * For evaluation: dropout gives its input, and draws are zeros. What is computed of these zeros alone is a constant, products with them
 * are zeros, and sums with them what is added to: nothing remains of a draw that another value is moved by.
 */
export function removeDropout(program: Program): Program {
  const undrawn = new Set<Node>();
  return rewrite(program, (node, inputs, build) => {
    const { operation, type } = node;
    if (operation.op === "dropout") return inputs[0] ?? null;
    const zeros = (): Node => build.add({ op: "constant", value: 0, type });
    const given = inputs.filter((input) => undrawn.has(input));
    if (operation.op !== "draw" && given.length === 0) return null;
    const isZero = traitsOf(operation).isMultilinear && given.some((input) => uniformValue(input) === 0);
    const found = operation.op === "draw" || isZero ? zeros() : simplified(node, inputs, build);
    if (found !== null && uniformValue(found) !== null) undrawn.add(found);
    return found;
  });
}

/**
 * For training: each site of dropout sets elements to 0 and scales the rest, and other draws have their numbers. All of it follows
 * from the seed, the step and the site alone, so that a resumed run repeats it.
 */
export function sampleDropout(program: Program, seed: number): Program {
  let site = 0;
  let step: Node | null = null;
  return rewrite(program, ({ operation, type }, [input], build) => {
    const random = (): Node => {
      step ??= build.add({ op: "input", name: "step", type: { dtype: "i32", shape: [] } });
      return build.add({ op: "random_uniform", seed, site: site++, shape: type.shape }, step);
    };
    if (operation.op === "draw") return drawnNode(operation.from, type, random, build);
    if (operation.op !== "dropout" || input === undefined) return null;
    const kept = build.add({ op: "greater_equal" }, random(), build.constant(operation.rate));
    const mask = build.add({ op: "cast", dtype: type.dtype }, kept);
    return build.mul(input, build.mul(mask, build.constant(1 / (1 - operation.rate), type.dtype)));
  });
}
