import { Graph } from "../../compiler/ir/graph.ts";
import type { BinaryName, CompareName, Dtype, Node, Operation, Program, UnaryName } from "../../compiler/ir/index.ts";
import { createSource } from "../../grammar/index.ts";
import type { Random } from "../random.ts";

const noOrigin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };

/** Appends operations that have to fit their inputs. */
export function adderTo(graph: Graph): (operation: Operation, ...inputs: readonly Node[]) => Node {
  return (operation, ...inputs) => {
    const node = graph.add(operation, inputs, noOrigin);
    if (typeof node === "string") throw new Error(`${operation.op}: ${node}`);
    return node;
  };
}

/** A program of random operations on the rows of tensors of one shape, with others between them; it gives its last values. */
export function randomRows(random: Random, name: string, shape: readonly number[], dtype: Dtype): Program {
  const graph = new Graph();
  const add = adderTo(graph);
  const given = repeatedShapes(shape).map((each, index) =>
    add({ op: "input", name: `x${index}`, type: { dtype, shape: each } }),
  );
  const one = add({ op: "constant", value: 1, type: { dtype, shape: [] } });
  const last = shape.length - 1;
  const nodes = [...given];
  const full = (): Node => random.pick(nodes.filter(({ type }) => String(type.shape) === String(shape)));
  const any = (): Node => random.pick([...nodes, one]);
  const unary = (op: UnaryName, x: Node): Node => add({ op }, x);
  const binary = (op: BinaryName | CompareName, a: Node, b: Node): Node => add({ op }, a, b);
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const reshaped = (x: Node): Node =>
    add({ op: "reshape", shape }, unary("tanh", add({ op: "reshape", shape: [rows, shape[last] ?? 1] }, x)));
  const positive = (x: Node): Node => binary("add", unary("abs", x), one);
  const makes: readonly (() => Node)[] = [
    () => unary(random.pick(["neg", "abs", "erf", "tanh", "sign"] as const), full()),
    () => unary("exp", unary("tanh", full())),
    () => unary(random.pick(["log", "sqrt", "rsqrt"] as const), positive(full())),
    () => unary("tanh", binary(random.pick(["add", "sub", "mul"] as const), full(), any())),
    () => binary(random.pick(["maximum", "minimum"] as const), full(), any()),
    () => binary("div", full(), positive(any())),
    () => add({ op: "where" }, binary(random.pick(["less", "greater_equal"] as const), full(), any()), full(), full()),
    () => add({ op: "softmax", axis: last }, full()),
    () => unary("tanh", add({ op: random.pick(["sum", "max"] as const), axes: [last], keep: true }, full())),
    () => unary("tanh", unary("sqrt", positive(random.pick(nodes.filter(({ type }) => type.shape.at(-1) === 1))))),
    // What is no operation on rows, and so stands between two programs.
    () => binary("add", add({ op: "slice", axis: 0, from: 0, to: 1 }, full()), full()),
    () => reshaped(full()),
    () => add({ op: "broadcast", shape }, random.pick(given)),
  ];
  for (let count = 0; count < 30; count++) nodes.push(random.pick(makes)());
  const outputs = new Map(nodes.slice(-8).map((node, index) => [`y${index}`, node]));
  return { name, graph, outputs, updates: new Map(), once: new Map() };
}

/** The shape itself first, and shapes that are repeated to it: along one axis, along all but the last, along several before it. */
function repeatedShapes(shape: readonly number[]): readonly (readonly number[])[] {
  const columns = shape.at(-1) ?? 1;
  return [
    shape,
    shape,
    [...shape.slice(0, -1), 1],
    [columns],
    [...shape.slice(1)],
    [...shape.map((size, axis) => (axis === 1 ? 1 : size))],
    [...shape.map((size, axis) => (axis === 0 ? size : 1))],
    [1],
  ];
}
