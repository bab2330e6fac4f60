import { roleOf, valueNamed } from "../../compiler/index.ts";

/** True for trained parameters and for what is kept for them. */
export function changes(path: string, trainable: ReadonlySet<string>): boolean {
  return roleOf(path, trainable) !== "frozen";
}

/** What stays from step to step: sums of gradients are of one step only. */
export function lasting(values: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Float32Array> {
  return new Map([...values].filter(([path]) => valueNamed(path).kind !== "gradient-sum"));
}

export function floats(
  values: ReadonlyMap<string, ArrayLike<number> & Iterable<number>>,
): ReadonlyMap<string, Float32Array> {
  return new Map(
    [...values].map(([name, data]) => [name, data instanceof Float32Array ? data : Float32Array.from(data)]),
  );
}
