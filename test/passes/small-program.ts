import { expect } from "vitest";
import { nodesOf, type Program, printProgram, runProgram, type TensorData, verify } from "../../compiler/index.ts";
import { Builder } from "../../compiler/ir/builder.ts";
import { Graph } from "../../compiler/ir/graph.ts";
import { allNodesOf } from "../../compiler/ir/program.ts";
import { type Dtype, elementCount, type Node, type Operation } from "../../compiler/ir/types.ts";
import { createSource } from "../../grammar/index.ts";
import { Random } from "../random.ts";

const span = { source: createSource("test", ""), start: 0, end: 0 };

/** Builds a small program by hand. */
export class Small {
  private readonly graph = new Graph();
  private readonly builder: Builder;

  constructor(path = "") {
    this.builder = new Builder(this.graph, { path, span });
  }

  /** What appends nodes that come from a module. */
  from(path: string): Builder {
    return this.builder.from({ path, span });
  }

  parameter(path: string, shape: readonly number[], dtype: Dtype = "f32"): Node {
    return this.builder.add({ op: "parameter", path, type: { dtype, shape } });
  }

  input(name: string, shape: readonly number[], dtype: Dtype = "f32"): Node {
    return this.builder.add({ op: "input", name, type: { dtype, shape } });
  }

  add(operation: Operation, ...inputs: readonly Node[]): Node {
    return this.builder.add(operation, ...inputs);
  }

  number(value: number): Node {
    return this.builder.constant(value);
  }

  /** a b, whose second operand may be stored as its transpose. */
  product(a: Node, b: Node, transposeB = false): Node {
    return this.add({ op: "matmul", transposeA: false, transposeB }, a, b);
  }

  /** The sum of all elements, as a loss is one. */
  total(x: Node): Node {
    return this.builder.sum(
      x,
      x.type.shape.map((_, axis) => axis),
      false,
    );
  }

  program(outputs: Readonly<Record<string, Node>>, name = "forward"): Program {
    return { name, graph: this.graph, outputs: new Map(Object.entries(outputs)), updates: new Map(), once: new Map() };
  }
}

/** The operations that every run computes, in their order, without what is given. */
export function operationsOf(program: Program): readonly string[] {
  return nodesOf(program).flatMap(({ operation: { op }, inputs }) => (inputs.length === 0 ? [] : [op]));
}

export function count(program: Program, op: Operation["op"]): number {
  return nodesOf(program).filter(({ operation }) => operation.op === op).length;
}

/** What a program gives, of random values for all that it reads: the same for the same name. */
export function resultsOf(program: Program): ReadonlyMap<string, TensorData> {
  const inputs = new Map<string, TensorData>();
  const parameters = new Map<string, TensorData>();
  for (const { operation, type } of allNodesOf(program)) {
    if (operation.op === "input") inputs.set(operation.name, drawn(operation.name, type));
    else if (operation.op === "parameter") parameters.set(operation.path, drawn(operation.path, type));
  }
  return runProgram(program, { inputs, parameters }, "f64");
}

function drawn(name: string, type: TensorData["type"]): TensorData {
  const random = new Random([...name].reduce((seed, letter) => seed * 31 + letter.charCodeAt(0), 7));
  const draw = (): number => (type.dtype === "i32" ? random.below(3) : random.below(2000) / 1000 - 1);
  return { type, data: Float64Array.from({ length: elementCount(type) }, draw) };
}

/** Holds what a pass made of a program to be well-formed, and to give the same. */
export function expectSameValues(before: Program, after: Program): void {
  expect(verify(after)).toEqual([]);
  const expected = resultsOf(before);
  const found = resultsOf(after);
  expect([...found.keys()]).toEqual([...expected.keys()]);
  for (const [name, { type, data }] of expected) {
    const other = found.get(name);
    expect([name, other?.type]).toEqual([name, type]);
    expect(data.length).toBeGreaterThan(0);
    for (const [place, value] of data.entries()) expect(other?.data[place]).toBeCloseTo(value, 10);
  }
}

/** Holds a pass to leave a program as it is. */
export function expectUntouched(before: Program, after: Program): void {
  expect(printProgram(after)).toBe(printProgram(before));
}

/** The nodes of one operation, in their order. */
export function nodesWith(program: Program, op: Operation["op"]): readonly Node[] {
  return nodesOf(program).filter(({ operation }) => operation.op === op);
}
