import { expect } from "vitest";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import type { Node, Operation, TensorType } from "../../compiler/ir/types.ts";
import { couplingPointsOf } from "../../compiler/programs/coupling-points.ts";
import { createSource } from "../../grammar/index.ts";

const origin = { path: "", span: { source: createSource("test", ""), start: 0, end: 0 } };

export const f32 = (...shape: readonly number[]): TensorType => ({ dtype: "f32", shape });
const i32 = (...shape: readonly number[]): TensorType => ({ dtype: "i32", shape });

/** Operations that are made for so many rows. */
export class Trace {
  readonly rows: number;
  private readonly build = new Builder(new Graph(), origin);

  constructor(rows: number) {
    this.rows = rows;
  }

  input(name: string, type: TensorType): Node {
    return this.build.add({ op: "input", name, type });
  }

  weight(...shape: readonly number[]): Node {
    return this.build.add({ op: "parameter", path: `weight of ${shape.join(" x ")}`, type: f32(...shape) });
  }

  constant(value: number, ...shape: readonly number[]): Node {
    return this.build.add({ op: "constant", value, type: f32(...shape) });
  }

  add(operation: Operation, ...inputs: readonly Node[]): Node {
    return this.build.add(operation, ...inputs);
  }

  /** f32[rows, 4], of which nothing is an input any more. */
  vectors(): Node {
    return this.add({ op: "tanh" }, this.input("x", f32(this.rows, 4)));
  }

  ids(...shape: readonly number[]): Node {
    return this.input("ids", i32(this.rows, ...shape));
  }

  reshape(x: Node, ...shape: readonly number[]): Node {
    return this.add({ op: "reshape", shape }, x);
  }

  transpose(x: Node, ...permutation: readonly number[]): Node {
    return this.add({ op: "transpose", permutation }, x);
  }

  matmul(a: Node, b: Node, transposeA = false, transposeB = false): Node {
    return this.add({ op: "matmul", transposeA, transposeB }, a, b);
  }

  sum(x: Node, axes: readonly number[], keep = false): Node {
    return this.add({ op: "sum", axes, keep }, x);
  }

  /** The sum of all elements: what makes a loss of any value. */
  total(x: Node): Node {
    return this.sum(
      x,
      x.type.shape.map((_, axis) => axis),
    );
  }
}

/**
 * The values at which the rows of a loss meet, as they are for six rows where a micro-batch has two; and what was returned besides
 * the loss, for six rows.
 */
export function meetingIn<Given>(make: (trace: Trace) => { readonly loss: Node; readonly given: Given }): {
  readonly found: readonly Node[] | null;
  readonly given: Given;
} {
  const whole = make(new Trace(6));
  const found = couplingPointsOf([whole.loss], [make(new Trace(2)).loss]);
  for (const value of found ?? []) {
    expect(value.microBatch.operation.op).toBe(value.whole.operation.op);
    const [rows = 0, ...sizes] = value.microBatch.type.shape;
    expect(value.whole.type).toEqual({ dtype: "f32", shape: [3 * rows, ...sizes] });
  }
  return { found: found?.map((value) => value.whole) ?? null, given: whole.given };
}
