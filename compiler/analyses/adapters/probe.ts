import { elementCount, evaluate, type Node, neededFor } from "../../ir/index.ts";
import type { TensorData } from "../../ops/index.ts";

/** Numbers for parameters, by their paths. */
export type Values = ReadonlyMap<string, TensorData>;

/** Numbers between -1 and 1 without a pattern (an LCG of Numerical Recipes), for each parameter that some values read. */
export function probeValues(nodes: readonly Node[], seed: number): Values {
  let state = seed >>> 0;
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const values = new Map<string, TensorData>();
  for (const { operation, type } of neededFor(nodes)) {
    if (operation.op !== "parameter" || values.has(operation.path)) continue;
    const data = new Float64Array(elementCount(type));
    for (let place = 0; place < data.length; place++) data[place] = draw();
    values.set(operation.path, { type, data });
  }
  return values;
}

/** A value that depends on parameters alone, in 64-bit floats. */
export function valueFor(node: Node, parameters: Values): ArrayLike<number> {
  const value = evaluate([node], { inputs: new Map(), parameters }, "f64").get(node);
  if (value === undefined) throw new Error("the evaluator gives what it is asked for");
  return value.data;
}

/** What a value computes whatever its parameters are called: its operations in order, and which it reads by number. */
export function formOf(nodes: readonly Node[], paths: readonly string[]): string {
  const needed = neededFor(nodes);
  const numbers = new Map(needed.map((node, index) => [node, index]));
  const lines = needed.map(({ operation, inputs, type }) => {
    const what =
      operation.op === "parameter" ? `parameter ${paths.indexOf(operation.path)}` : JSON.stringify(operation);
    return `${what} ${inputs.map((input) => numbers.get(input)).join()} ${type.dtype} ${type.shape.join()}`;
  });
  return [...lines, nodes.map((node) => numbers.get(node)).join()].join("\n");
}
