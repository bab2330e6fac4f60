import {
  Builder,
  elementCount,
  evaluate,
  Graph,
  type InitialValue,
  type Node,
  type Origin,
  type Program,
  type TensorType,
} from "../ir/index.ts";

export interface InitialParameter {
  readonly path: string;
  readonly type: TensorType;
  readonly initial: InitialValue;
  readonly origin: Origin;
}

/** The first values of all parameters, which follow from a seed alone. */
export function buildInit(parameters: readonly InitialParameter[], seed: number): Program {
  const graph = new Graph();
  const updates = new Map<string, Node>();
  for (const parameter of parameters) {
    updates.set(parameter.path, firstValue({ parameter, seed, piece: 0 }, parameter.type, graph));
  }
  return { name: "init", graph, outputs: new Map(), updates, once: new Map() };
}

/**
 * Which numbers a first value is drawn from: those of a seed, of the parameter's path, and of a piece. A weight is the same
 * in every spec of a model, wherever its adapters sit.
 */
export interface Draw {
  readonly parameter: InitialParameter;
  readonly seed: number;
  readonly piece: number;
}

/** Appends the first value of a parameter, or of a piece of it that has the type `type`. */
export function firstValue(
  { parameter: { path, initial, origin }, seed, piece }: Draw,
  type: TensorType,
  graph: Graph,
): Node {
  const build = new Builder(graph, origin);
  const random = (offset: number): Node => {
    const step = build.constant(piece, "i32");
    return build.add({ op: "random_uniform", seed, site: siteOf(path) + offset, shape: type.shape }, step);
  };
  const value = drawn(initial, type, random, build);
  return value.type.dtype === type.dtype ? value : build.add({ op: "cast", dtype: type.dtype }, value);
}

/** An even number below 2^30 for a path (FNV-1a). */
function siteOf(path: string): number {
  let hash = 0x811c9dc5;
  for (const character of path) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return 2 * (hash >>> 3);
}

function drawn(initial: InitialValue, type: TensorType, random: (offset: number) => Node, build: Builder): Node {
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

/** Elements that are drawn at once by the evaluator. */
const elementsAtOnce = 2 ** 20;

/** The first value of a parameter in pieces, by the evaluator; of one piece it is what the program `init` gives. */
function* firstValues(parameter: InitialParameter, seed: number): Iterable<Float32Array> {
  const count = elementCount(parameter.type);
  for (let from = 0, piece = 0; from < count; from += elementsAtOnce, piece++) {
    const graph = new Graph();
    const size = Math.min(elementsAtOnce, count - from);
    const node = firstValue({ parameter, seed, piece }, { ...parameter.type, shape: [size] }, graph);
    const value = evaluate([node], { inputs: new Map(), parameters: new Map() }, "f32").get(node);
    if (value === undefined) throw new Error("the evaluator gives what it is asked for");
    yield Float32Array.from(value.data);
  }
}

/** The first values of a spec's parameters by path, each in pieces. Throws for a path that is no parameter's. */
export function firstValuesOf(
  parameters: readonly InitialParameter[],
  seed: number,
): (path: string) => Iterable<Float32Array> {
  const byPath = new Map(parameters.map((parameter) => [parameter.path, parameter]));
  return (path) => {
    const parameter = byPath.get(path);
    if (parameter === undefined) throw new Error(`${path} is a parameter of the spec`);
    return firstValues(parameter, seed);
  };
}
