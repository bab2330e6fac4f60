import { at } from "../../at.ts";
import { type Node, printType } from "../../ir/index.ts";
import { type TensorValue, tensor } from "../values.ts";
import type { Builtin, BuiltinCall } from "./builtin.ts";

/** A tensor with a letter for each of its axes. */
interface Lettered {
  readonly node: Node;
  readonly letters: readonly string[];
}

const operands = ["a", "b", "c", "d"] as const;

function einsum(call: BuiltinCall): TensorValue {
  const given = operands.filter((name) => call.has(name)).map((name) => call.tensor(name).node);
  const { inputs, output } = parse(call, given.length);
  const lettered = inputs.map((letters, index) => labelled(call, letters, at(given, index)));
  const sizes = new Map<string, number>();
  for (const { node, letters } of lettered) {
    for (const [axis, letter] of letters.entries()) {
      const size = at(node.type.shape, axis);
      const known = sizes.get(letter) ?? size;
      if (known !== size) refuse(call, `\`${letter}\` is ${known} in one place and ${size} in another`);
      sizes.set(letter, size);
    }
  }
  const lost = output.find((letter) => !sizes.has(letter));
  if (lost !== undefined) return refuse(call, `\`${lost}\` is missing on its left side`);
  const steps = new Contraction(call, sizes);
  const [first, ...rest] = lettered;
  if (first === undefined) return refuse(call, "it needs a tensor");
  let whole = first;
  for (const [index, next] of rest.entries()) {
    const later = rest.slice(index + 1).flatMap(({ letters }) => letters);
    whole = steps.pair(whole, next, new Set([...output, ...later]));
  }
  const summed = steps.summed(whole, new Set(output));
  return tensor(steps.ordered(summed, output));
}

function parse(
  call: BuiltinCall,
  count: number,
): { inputs: readonly (readonly string[])[]; output: readonly string[] } {
  const sides = call.text("pattern").replaceAll(/\s/g, "").split("->");
  const [from, to] = sides;
  if (sides.length !== 2 || from === undefined || to === undefined) return refuse(call, "it needs one `->`");
  const inputs = from.split(",").map((part) => [...part]);
  const output = [...to];
  for (const letter of [...inputs.flat(), ...output])
    if (!/^[A-Za-z]$/.test(letter)) refuse(call, `\`${letter}\` is not a letter`);
  if (inputs.length !== count) refuse(call, `tensors in it: ${inputs.length}, given: ${count}`);
  for (const letters of [...inputs, output])
    if (new Set(letters).size !== letters.length) refuse(call, `a letter stands twice in \`${letters.join("")}\``);
  return { inputs, output };
}

function labelled(call: BuiltinCall, letters: readonly string[], node: Node): Lettered {
  if (letters.length === node.type.shape.length) return { node, letters };
  return refuse(call, `\`${letters.join("")}\` does not have a letter for each axis of ${printType(node.type)}`);
}

function refuse(call: BuiltinCall, detail: string): never {
  return call.trace.fail("bad-pattern", call.span, { detail });
}

/** Products and sums of tensors with letters, as few operations as there can be. */
class Contraction {
  private readonly call: BuiltinCall;
  private readonly sizes: ReadonlyMap<string, number>;

  constructor(call: BuiltinCall, sizes: ReadonlyMap<string, number>) {
    this.call = call;
    this.sizes = sizes;
  }

  /** The sum over all letters but those kept. */
  summed({ node, letters }: Lettered, kept: ReadonlySet<string>): Lettered {
    const axes = letters.flatMap((letter, axis) => (kept.has(letter) ? [] : [axis]));
    if (axes.length === 0) return { node, letters };
    const sum = this.call.add({ op: "sum", axes, keep: false }, node);
    return { node: sum.node, letters: letters.filter((letter) => kept.has(letter)) };
  }

  ordered({ node, letters }: Lettered, order: readonly string[]): Node {
    const permutation = order.map((letter) => letters.indexOf(letter));
    if (permutation.every((from, axis) => from === axis)) return node;
    return this.call.add({ op: "transpose", permutation }, node).node;
  }

  /** The product of two tensors, summed over what is in both of them and not kept. */
  pair(one: Lettered, other: Lettered, kept: ReadonlySet<string>): Lettered {
    const a = this.summed(one, new Set([...kept, ...other.letters]));
    const b = this.summed(other, new Set([...kept, ...one.letters]));
    const shared = a.letters.filter((letter) => b.letters.includes(letter));
    const batch = shared.filter((letter) => kept.has(letter));
    const inner = shared.filter((letter) => !kept.has(letter));
    const freeA = a.letters.filter((letter) => !shared.includes(letter));
    const freeB = b.letters.filter((letter) => !shared.includes(letter));
    if (inner.length === 0) return this.outer(a, b, batch, freeA, freeB);
    // Many axes beside one matrix are rows, on the left.
    if (batch.length === 0 && freeB.length > freeA.length) return this.product(b, a, [], inner, freeB, freeA);
    return this.product(a, b, batch, inner, freeA, freeB);
  }

  /** Without a sum it is a product of elements. */
  private outer(
    a: Lettered,
    b: Lettered,
    batch: readonly string[],
    freeA: readonly string[],
    freeB: readonly string[],
  ): Lettered {
    const ones = freeA.map(() => 1);
    const left = this.reshaped(this.ordered(a, [...batch, ...freeA]), [
      ...this.sizesOf([...batch, ...freeA]),
      ...freeB.map(() => 1),
    ]);
    const right = this.reshaped(this.ordered(b, [...batch, ...freeB]), [
      ...this.sizesOf(batch),
      ...ones,
      ...this.sizesOf(freeB),
    ]);
    return { node: this.call.add({ op: "mul" }, left, right).node, letters: [...batch, ...freeA, ...freeB] };
  }

  /** One product of matrices, read transposed where that saves a transposition. */
  private product(
    a: Lettered,
    b: Lettered,
    batch: readonly string[],
    inner: readonly string[],
    freeA: readonly string[],
    freeB: readonly string[],
  ): Lettered {
    const transposeA = isOrdered(a, [...batch, ...inner, ...freeA]) && !isOrdered(a, [...batch, ...freeA, ...inner]);
    const transposeB = isOrdered(b, [...batch, ...freeB, ...inner]) && !isOrdered(b, [...batch, ...inner, ...freeB]);
    const rows = batch.length === 0 && !transposeA && freeA.length > 0 ? this.sizesOf(freeA) : [this.countOf(freeA)];
    const [before, between] = [this.sizesOf(batch), this.countOf(inner)];
    const left = transposeA
      ? this.reshaped(this.ordered(a, [...batch, ...inner, ...freeA]), [...before, between, ...rows])
      : this.reshaped(this.ordered(a, [...batch, ...freeA, ...inner]), [...before, ...rows, between]);
    const columns = this.countOf(freeB);
    const right = transposeB
      ? this.reshaped(this.ordered(b, [...batch, ...freeB, ...inner]), [...before, columns, between])
      : this.reshaped(this.ordered(b, [...batch, ...inner, ...freeB]), [...before, between, columns]);
    const letters = [...batch, ...freeA, ...freeB];
    const product = this.call.add({ op: "matmul", transposeA, transposeB }, left, right).node;
    return { node: this.reshaped(product, this.sizesOf(letters)), letters };
  }

  private reshaped(node: Node, shape: readonly number[]): Node {
    if (shape.join() === node.type.shape.join()) return node;
    return this.call.add({ op: "reshape", shape }, node).node;
  }

  private sizesOf(letters: readonly string[]): readonly number[] {
    return letters.map((letter) => this.sizes.get(letter) ?? 1);
  }

  private countOf(letters: readonly string[]): number {
    return this.sizesOf(letters).reduce((count, size) => count * size, 1);
  }
}

function isOrdered({ letters }: Lettered, order: readonly string[]): boolean {
  return order.every((letter, axis) => letters[axis] === letter);
}

export const products = {
  einsum: { parameters: ["pattern", "a", "b?", "c?", "d?"], apply: einsum },
} satisfies Readonly<Record<string, Builtin>>;
