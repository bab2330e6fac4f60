import { elementCount, type Node, neededFor, type Operation, type TensorType } from "../../ir/index.ts";
import { inferType, keepsRows } from "../../ops/index.ts";
import type { PlannedTensor } from "../../plan/index.ts";
import type { FoldedModule } from "./fold.ts";

/** A module of which some rows of the weight are enough to see what is computed of each. */
export interface FewRows {
  readonly folded: FoldedModule;
  /** A parameter with as many rows as the weight has here. */
  readonly narrowed: <Tensor extends PlannedTensor>(tensor: Tensor) => Tensor;
}

/** Weights with no more elements are looked at as a whole. */
const fewElements = 2 ** 20;
/** Rows that are looked at of the others. */
const rows = 64;
/** Parameters whose axes are tried; LoRA has two beside the weight. */
const mostParameters = 5;

/**
 * A module with a part of the rows of its weight, where each row of what becomes of it follows from the same row of the weight and of the
 * parameters beside it, however many there are: a vocabulary's table has millions of elements. Rows may be along another axis than the first.
 * Null where rows are not known to be apart, or few.
 */
export function withFewRows(folded: FoldedModule, along = 0): FewRows | null {
  const { node, parameter } = folded.weight;
  const count = node.type.shape[along] ?? 0;
  if (elementCount(node.type) <= fewElements || count <= rows) return null;
  if (parameter.shape.join() !== node.type.shape.join()) return null;
  const needed = neededFor([node]);
  const ofBias = folded.bias === null ? [] : neededFor([folded.bias.node]);
  const types = new Map(
    needed.flatMap(({ operation, type }) => (operation.op === "parameter" ? [[operation.path, type] as const] : [])),
  );
  if (types.size > mostParameters) return null;
  for (const axes of assignments([...types], count)) {
    if (axes.get(parameter.path) !== along) continue;
    // What a bias follows from keeps its rows.
    if (ofBias.some(({ operation }) => operation.op === "parameter" && axes.has(operation.path))) continue;
    const found = narrow(needed, axes, count);
    const last = found?.get(node);
    if (last?.axis !== along) continue;
    const narrowed = <Tensor extends PlannedTensor>(tensor: Tensor): Tensor => {
      const axis = axes.get(tensor.path);
      return axis === undefined ? tensor : { ...tensor, shape: tensor.shape.with(axis, rows) };
    };
    return { folded: { ...folded, weight: { parameter: narrowed(parameter), node: last.node } }, narrowed };
  }
  return null;
}

/** The axis of each parameter's rows, in every way in which some have rows on an axis of that size. */
function* assignments(
  [first, ...others]: readonly (readonly [string, TensorType])[],
  count: number,
): Iterable<ReadonlyMap<string, number>> {
  if (first === undefined) {
    yield new Map();
    return;
  }
  const [path, { shape }] = first;
  for (const rest of assignments(others, count)) {
    yield rest;
    for (const [axis, size] of shape.entries()) if (size === count) yield new Map([...rest, [path, axis]]);
  }
}

interface Narrowed {
  readonly node: Node;
  /** The axis of its rows; null where it has none. */
  readonly axis: number | null;
}

/** Values with fewer rows; null where one does not follow row by row. */
function narrow(
  needed: readonly Node[],
  axes: ReadonlyMap<string, number>,
  count: number,
): ReadonlyMap<Node, Narrowed> | null {
  const found = new Map<Node, Narrowed>();
  for (const node of needed) {
    const { operation, type } = node;
    const axis = operation.op === "parameter" ? (axes.get(operation.path) ?? null) : null;
    const inputs = node.inputs.map((input) => found.get(input) ?? { node: input, axis: null });
    if (axis !== null) found.set(node, { node: { ...node, type: fewer(type, axis) }, axis });
    else if (inputs.every((input) => input.axis === null)) found.set(node, { node, axis: null });
    else {
      const own = type.shape.findIndex(
        (size, each) => size === count && keepsRows(node, each, (input) => inputs[input]?.axis ?? null),
      );
      if (own < 0) return null;
      const expected = fewer(type, own);
      const changed = withFewer(operation, own);
      const operands = inputs.flatMap((input) =>
        input.axis === null ? (repeatedLess(input.node, own - type.shape.length, count) ?? []) : input.node,
      );
      if (!isOfType(changed, operands, expected, inputs.length)) return null;
      const cut = { ...node, operation: changed, inputs: operands, type: expected };
      found.set(node, { node: cut, axis: own });
    }
  }
  return found;
}

/**
 * What follows from no parameter and is the same in each row, for fewer of them; the axis is counted from behind the last. What has no such
 * rows stays as it is; null for what follows from parameters, or not row by row.
 */
function repeatedLess(node: Node, fromLast: number, count: number): Node | null {
  const { operation, inputs, type } = node;
  const axis = type.shape.length + fromLast;
  if (type.shape[axis] !== count) return node;
  const less = fewer(type, axis);
  if (operation.op === "constant") return { ...node, operation: { ...operation, type: less }, type: less };
  const isRepeated = operation.op === "broadcast" && (inputs[0]?.type.shape.at(fromLast) ?? 1) !== count;
  const axisOf = (input: number): number | null => {
    const { length } = inputs[input]?.type.shape ?? [];
    return inputs[input]?.type.shape[length + fromLast] === count ? length + fromLast : null;
  };
  if (inputs.length === 0 || !(isRepeated || keepsRows(node, axis, axisOf))) return null;
  const operands = inputs.flatMap((input) => repeatedLess(input, fromLast, count) ?? []);
  const changed = withFewer(operation, axis);
  return isOfType(changed, operands, less, inputs.length)
    ? { ...node, operation: changed, inputs: operands, type: less }
    : null;
}

/** Whether an operation takes so many operands, all of which there are, and makes a value of a type. */
function isOfType(operation: Operation, operands: readonly Node[], expected: TensorType, count: number): boolean {
  if (operands.length !== count) return false;
  const inferred = inferType(
    operation,
    operands.map(({ type }) => type),
  );
  return typeof inferred !== "string" && inferred.shape.join() === expected.shape.join();
}

function fewer(type: TensorType, axis: number): TensorType {
  return { ...type, shape: type.shape.with(axis, rows) };
}

/** An operation that says the shape of its result. */
function withFewer(operation: Operation, axis: number): Operation {
  return operation.op === "reshape" || operation.op === "broadcast"
    ? { ...operation, shape: operation.shape.with(axis, rows) }
    : operation;
}
