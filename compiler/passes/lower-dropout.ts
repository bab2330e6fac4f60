import { type Node, type Program, rewrite } from "../ir/index.ts";

/** For evaluation: dropout gives its input. */
export function removeDropout(program: Program): Program {
  return rewrite(program, (node, [input]) => (node.operation.op === "dropout" ? (input ?? null) : null));
}

/**
 * For training: each site of dropout sets elements to 0 and scales the rest. What is set to 0 follows from the seed, the
 * step and the site alone, so that a resumed run repeats it.
 */
export function sampleDropout(program: Program, seed: number): Program {
  let site = 0;
  let step: Node | null = null;
  return rewrite(program, ({ operation, type }, [input], build) => {
    if (operation.op !== "dropout" || input === undefined) return null;
    step ??= build.add({ op: "input", name: "step", type: { dtype: "i32", shape: [] } });
    const random = build.add({ op: "random_uniform", seed, site: site++, shape: type.shape }, step);
    const kept = build.add({ op: "greater_equal" }, random, build.constant(operation.rate));
    const mask = build.add({ op: "cast", dtype: type.dtype }, kept);
    return build.mul(input, build.mul(mask, build.constant(1 / (1 - operation.rate), type.dtype)));
  });
}
