import type { Build } from "./build.ts";
import type { Graph } from "./graph.ts";
import { type Dtype, type Node, type Operation, type Origin, printType } from "./types.ts";

/** Appends operations that the compiler itself makes, all with the origin of the node that they come from. */
export class Builder implements Build {
  private readonly graph: Graph;
  private readonly origin: Origin;

  constructor(graph: Graph, origin: Origin) {
    this.graph = graph;
    this.origin = origin;
  }

  add(operation: Operation, ...inputs: readonly Node[]): Node {
    return this.checked(this.graph.add(operation, inputs, this.origin), operation, inputs);
  }

  /** The operation of a node of another graph, on inputs of this one. */
  copy(node: Node, inputs: readonly Node[]): Node {
    return this.checked(this.graph.copy(node, inputs), node.operation, inputs);
  }

  private checked(node: Node | string, { op }: Operation, inputs: readonly Node[]): Node {
    if (typeof node !== "string") return node;
    const types = inputs.map(({ type }) => printType(type)).join(", ");
    throw new Error(`the compiler made ${op}(${types}): ${node}`);
  }

  /** Appends to the same graph, with another origin. */
  from(origin: Origin): Builder {
    return new Builder(this.graph, origin);
  }

  constant(value: number, dtype: Dtype = "f32"): Node {
    return this.add({ op: "constant", value, type: { dtype, shape: [] } });
  }

  mul(a: Node, b: Node | number): Node {
    return this.add({ op: "mul" }, a, typeof b === "number" ? this.constant(b, a.type.dtype) : b);
  }

  sum(x: Node, axes: readonly number[], keep: boolean): Node {
    return axes.length === 0 ? x : this.add({ op: "sum", axes, keep }, x);
  }

  reshape(x: Node, shape: readonly number[]): Node {
    const same = shape.length === x.type.shape.length && shape.every((size, axis) => size === x.type.shape[axis]);
    return same ? x : this.add({ op: "reshape", shape }, x);
  }

  broadcast(x: Node, shape: readonly number[]): Node {
    const same = shape.length === x.type.shape.length && shape.every((size, axis) => size === x.type.shape[axis]);
    return same ? x : this.add({ op: "broadcast", shape }, x);
  }

  sumTo(gradient: Node, shape: readonly number[]): Node {
    const extra = gradient.type.shape.length - shape.length;
    const axes = gradient.type.shape.flatMap((size, axis) =>
      axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
    );
    return this.reshape(this.sum(gradient, axes, false), shape);
  }
}
