import {
  Builder,
  type DrawnValue,
  drawnNode,
  elementCount,
  evaluate,
  Graph,
  type InitialValue,
  type Node,
  type Origin,
  type Program,
  siteOf,
  type TensorType,
} from "../ir/index.ts";
import { uniformFrom, uniformState } from "../ops/index.ts";
import { evaluateOnce } from "./run.ts";

export interface InitialParameter {
  readonly path: string;
  readonly type: TensorType;
  readonly initial: InitialValue;
  readonly origin: Origin;
}

/** A parameter whose first value follows from a seed alone. */
export type DrawnParameter = InitialParameter & { readonly initial: DrawnValue };

export function isDrawn(parameter: InitialParameter): parameter is DrawnParameter {
  return parameter.initial.kind !== "computed";
}

/** The first values of all parameters, which follow from a seed alone; in words why not where one is computed from weights. */
export function buildInit(parameters: readonly InitialParameter[], seed: number): Program | string {
  const graph = new Graph();
  const updates = new Map<string, Node>();
  for (const parameter of parameters) {
    const { path, type } = parameter;
    if (!isDrawn(parameter)) return `the first value of \`${path}\` is computed`;
    updates.set(path, firstValue({ parameter, seed, piece: 0 }, type, graph));
  }
  return { name: "init", graph, outputs: new Map(), updates, once: new Map() };
}

/**
 * Which numbers a first value is drawn from: those of a seed, of the parameter's path, and of a piece. A weight is the same
 * in every spec of a model, wherever its adapters sit.
 */
export interface Draw {
  readonly parameter: DrawnParameter;
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
  const random = (offset: 0 | 1): Node => {
    const step = build.constant(piece, "i32");
    return build.add({ op: "random_uniform", seed, site: siteOf(path) + offset, shape: type.shape }, step);
  };
  const value = drawnNode(initial, type, random, build);
  return value.type.dtype === type.dtype ? value : build.add({ op: "cast", dtype: type.dtype }, value);
}

/** Elements that are drawn at once. */
const elementsAtOnce = 2 ** 20;

/** The first value of a parameter in pieces; of one piece it is what the program `init` gives, bit for bit. */
function* firstValues(parameter: DrawnParameter, seed: number): Iterable<Float32Array> {
  const count = elementCount(parameter.type);
  for (let from = 0, piece = 0; from < count; from += elementsAtOnce, piece++) {
    const values = new Float32Array(Math.min(elementsAtOnce, count - from));
    if (parameter.type.dtype === "f32") drawInto(values, { parameter, seed, piece });
    else values.set(evaluatedPiece({ parameter, seed, piece }, values.length));
    yield values;
  }
}

/** What the evaluator makes of `firstValue`, in a loop of its own: a large model has hundreds of millions of values. */
function drawInto(values: Float32Array, { parameter: { path, initial }, seed, piece }: Draw): void {
  const { fround } = Math;
  const site = siteOf(path);
  const state = uniformState(seed, piece, site);
  switch (initial.kind) {
    case "constant":
      values.fill(initial.value);
      return;
    case "uniform": {
      const width = fround(2 * initial.bound);
      for (let place = 0; place < values.length; place++) {
        values[place] = fround(uniformFrom(state, place) - 0.5) * width;
      }
      return;
    }
    case "normal": {
      const deviation = fround(initial.standardDeviation);
      const turn = fround(2 * Math.PI);
      const other = uniformState(seed, piece, site + 1);
      for (let place = 0; place < values.length; place++) {
        const logarithm = fround(Math.log(fround(1 - uniformFrom(state, place))));
        const radius = fround(Math.sqrt(-2 * logarithm));
        const cosine = fround(Math.cos(fround(uniformFrom(other, place) * turn)));
        values[place] = fround(radius * cosine) * deviation;
      }
    }
  }
}

function evaluatedPiece(draw: Draw, count: number): ArrayLike<number> {
  const node = firstValue(draw, { ...draw.parameter.type, shape: [count] }, new Graph());
  const value = evaluate([node], { inputs: new Map(), parameters: new Map() }, "f32").get(node);
  if (value === undefined) throw new Error("the evaluator gives what it is asked for");
  return value.data;
}

/**
 * The values of a spec's parameters by path, each in pieces: those that are given, and first values of the others. What is
 * computed is computed when it is first asked for, by the reference evaluator in 64-bit floats whatever the backend is. Throws
 * for a path that is no parameter's.
 */
export function firstValuesOf(
  parameters: readonly InitialParameter[],
  seed: number,
  given: (path: string) => Iterable<Float32Array> | null = () => null,
): (path: string) => Iterable<Float32Array> {
  const byPath = new Map(parameters.map((parameter) => [parameter.path, parameter]));
  const computed = new Map<string, Float32Array>();
  const piecesOf = (path: string): Iterable<Float32Array> => {
    const known = given(path);
    if (known !== null) return known;
    const parameter = byPath.get(path);
    if (parameter === undefined) throw new Error(`${path} is a parameter of the spec`);
    const { initial } = parameter;
    if (initial.kind !== "computed") return firstValues({ ...parameter, initial }, seed);
    const value = computed.get(path) ?? evaluateOnce(initial.node, piecesOf, seed);
    computed.set(path, value);
    return [value];
  };
  return piecesOf;
}
