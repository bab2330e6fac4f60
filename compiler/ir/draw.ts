import type { Builder } from "./builder.ts";
import type { DrawnValue, Node, TensorType } from "./types.ts";

/** The input that has the seed, i32[], where a first value is computed from numbers that are drawn. */
export const seedInput = "seed";

/** An even number below 2^30 for what a name tells apart (FNV-1a): the site of its draw, and the one behind it, which is its own too. */
export function siteOf(name: string): number {
  let hash = 0x811c9dc5;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? Number.NaN), 0x01000193);
  return 2 * (hash >>> 3);
}

/** Appends a tensor that is drawn; `random` gives numbers from 0 up to 1 for the first or the second site of the draw. */
export function drawnNode(
  initial: DrawnValue,
  type: TensorType,
  random: (offset: 0 | 1) => Node,
  build: Builder,
): Node {
  const sub = (a: Node, b: Node): Node => build.add({ op: "sub" }, a, b);
  switch (initial.kind) {
    case "constant":
      return build.add({ op: "constant", value: initial.value, type });
    case "uniform":
      return build.mul(sub(random(0), build.constant(0.5)), 2 * initial.bound);
    case "normal": {
      // Box and Muller (1958); 1 - u is never 0.
      const logarithm = build.add({ op: "log" }, sub(build.constant(1), random(0)));
      const radius = build.add({ op: "sqrt" }, build.mul(logarithm, -2));
      const angle = build.add({ op: "cos" }, build.mul(random(1), 2 * Math.PI));
      return build.mul(build.mul(radius, angle), initial.standardDeviation);
    }
  }
}
