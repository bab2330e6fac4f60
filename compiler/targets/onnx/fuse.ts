import { at, countAt } from "../../at.ts";
import { type Node, nodesOf, type Program } from "../../ir/index.ts";

/** An operation of ONNX that computes a node from other values than the node's own inputs. */
export type Fused =
  | {
      readonly kind: "layer_norm";
      readonly inputs: readonly [x: Node, weight: Node, ...bias: readonly Node[]];
      readonly epsilon: number;
    }
  | { readonly kind: "gelu"; readonly inputs: readonly [x: Node] };

/** A program's nodes that are computed, each after what it is computed from, and those among them that are fused. */
export interface FusedProgram {
  readonly nodes: readonly Node[];
  readonly fused: ReadonlyMap<Node, Fused>;
}

/**
 * Finds layer norms and GELUs by their formulas. Only where nothing else reads what is inside of one, as a gradient may:
 * it would be computed twice.
 */
export function fuse(program: Program): FusedProgram {
  const nodes = nodesOf(program);
  const roots = [...program.outputs.values(), ...program.updates.values()];
  const readers = new Map<Node, number>();
  for (const node of [...nodes.flatMap(({ inputs }) => inputs), ...roots]) {
    readers.set(node, countAt(readers, node) + 1);
  }
  const fused = new Map<Node, Fused>();
  // From the end, so that a norm with a shift is found before the same without it.
  const needed = new Set<Node>();
  for (const node of nodes.toReversed()) {
    if (countAt(readers, node) === 0) continue;
    const found = layerNorm(node, readers) ?? gelu(node, readers);
    needed.add(node);
    if (found === null) continue;
    fused.set(node, found);
    release(node, readers, new Set(found.inputs));
    for (const input of found.inputs) readers.set(input, countAt(readers, input) + 1);
  }
  return { nodes: nodes.filter((node) => needed.has(node)), fused };
}

/** Takes away the readings of a node that is fused, and of all inside that nothing reads any more. */
function release(node: Node, readers: Map<Node, number>, inputs: ReadonlySet<Node>): void {
  const unread = [node];
  for (let reader = unread.pop(); reader !== undefined; reader = unread.pop()) {
    for (const input of reader.inputs) {
      const left = countAt(readers, input) - 1;
      readers.set(input, left);
      if (left === 0 && !inputs.has(input)) unread.push(input);
    }
  }
}

type Readers = ReadonlyMap<Node, number>;

/** weight * (x - mean) * rsqrt(variance + epsilon) + bias, over the last axis. */
function layerNorm(node: Node, readers: Readers): Fused | null {
  const [whole, bias] = node.operation.op === "add" ? splitVector(node) : [node, undefined];
  if (whole === undefined || (bias !== undefined && readers.get(whole) !== 1)) return null;
  const [standard, weight] = whole.operation.op === "mul" ? splitVector(whole) : [];
  if (standard === undefined || weight === undefined || readers.get(standard) !== 1) return null;
  for (const [centred, root] of orders(standard, "mul")) {
    const [sum] = root.operation.op === "rsqrt" && readers.get(root) === 1 ? root.inputs : [];
    const [variance, epsilon] = sum?.operation.op === "add" ? splitNumber(sum) : [];
    const square = variance === undefined ? undefined : meant(variance);
    const [x, mean] = centred.operation.op === "sub" ? centred.inputs : [];
    if (x === undefined || mean === undefined || square === undefined || epsilon === undefined) continue;
    const isSquare = square.operation.op === "mul" && square.inputs.every((each) => each === centred);
    // It is read twice by its square, and once more.
    if (!isSquare || meant(mean) !== x || readers.get(centred) !== 3) continue;
    return { kind: "layer_norm", inputs: bias === undefined ? [x, weight] : [x, weight, bias], epsilon };
  }
  return null;
}

/** x / 2 * (1 + erf(x / sqrt(2))) */
function gelu(node: Node, readers: Readers): Fused | null {
  for (const [half, share] of orders(node, "mul")) {
    const [error, one] = share.operation.op === "add" ? splitNumber(share) : [];
    const [scaled] = error?.operation.op === "erf" ? error.inputs : [];
    if (scaled === undefined || one !== 1 || readers.get(share) !== 1) continue;
    const [x, factor] = scaledNumber(scaled);
    const [same, halving] = scaledNumber(half);
    const isClose = (a: number | undefined, b: number): boolean => a !== undefined && Math.abs(a - b) < 1e-6;
    if (x !== undefined && x === same && isClose(factor, Math.SQRT1_2) && isClose(halving, 0.5)) {
      return { kind: "gelu", inputs: [x] };
    }
  }
  return null;
}

/** Both orders of the inputs of an operation. */
function orders({ operation, inputs: [a, b] }: Node, op: "mul" | "add"): readonly (readonly [Node, Node])[] {
  if (operation.op !== op || a === undefined || b === undefined) return [];
  return [
    [a, b],
    [b, a],
  ];
}

/** A value and the vector, as long as its last axis, that is combined with it. */
function splitVector(node: Node): readonly [Node?, Node?] {
  const { inputs, type } = node;
  const [a, b] = inputs;
  const isVector = (each: Node | undefined): boolean =>
    each?.type.shape.length === 1 && each.type.shape[0] === type.shape.at(-1) && type.shape.length > 1;
  if (a !== undefined && b !== undefined && isVector(b)) return [a, b];
  return a !== undefined && b !== undefined && isVector(a) ? [b, a] : [];
}

/** A value and the number that is combined with it. */
function splitNumber({ inputs: [a, b] }: Node): readonly [Node?, number?] {
  if (a !== undefined && b?.operation.op === "constant") return [a, b.operation.value];
  return b !== undefined && a?.operation.op === "constant" ? [b, a.operation.value] : [];
}

/** A value and the number that it is multiplied with, or divided by. */
function scaledNumber(node: Node): readonly [Node?, number?] {
  const [value, number] = splitNumber(node);
  if (value === undefined || number === undefined) return [];
  if (node.operation.op === "mul") return [value, number];
  return node.operation.op === "div" && node.inputs[0] === value ? [value, 1 / number] : [];
}

/** What a mean over the last axis, which is kept, is of. */
function meant(node: Node): Node | undefined {
  const [sum, factor] = scaledNumber(node);
  const [input] = sum?.inputs ?? [];
  if (sum?.operation.op !== "sum" || input === undefined || factor === undefined || !sum.operation.keep)
    return undefined;
  const last = input.type.shape.length - 1;
  const [axis] = sum.operation.axes;
  const isLast = sum.operation.axes.length === 1 && (axis === -1 || axis === last);
  const size = at(input.type.shape, last);
  return isLast && Math.abs(factor * size - 1) < 1e-6 ? input : undefined;
}
