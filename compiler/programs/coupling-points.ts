import { at } from "../at.ts";
import { byteCount, type Node, neededFor } from "../ir/index.ts";
import { flopsOfNode, keepsRows, traitsOf } from "../ops/index.ts";

/** How a value depends on the rows of a batch. */
type Rows =
  /** Not at all. */
  | { readonly kind: "none" }
  /** Along this axis, row by row: each part follows from one row of the batch, and all parts are equally large. */
  | { readonly kind: "apart"; readonly axis: number }
  /** In a way in which rows meet, or in which their number counts. */
  | { readonly kind: "together" };

const none: Rows = { kind: "none" };
const together: Rows = { kind: "together" };

/** A value of a model that was traced at two batches: with all rows, and with some of them. */
export interface RowValue {
  readonly whole: Node;
  readonly microBatch: Node;
}

interface RowsOfValue extends RowValue {
  readonly rows: Rows;
  /** Whether it follows from an input: the others have the same rows in every micro-batch. */
  readonly isFed: boolean;
}

/** Every value of a model in both of its traces, with how it depends on the rows; null where the two differ otherwise. */
function pairedValues(whole: readonly Node[], microBatch: readonly Node[]): readonly RowsOfValue[] | null {
  const nodes = neededFor(whole);
  const others = neededFor(microBatch);
  if (nodes.length !== others.length) return null;
  const places = new Map(nodes.map((node, place) => [node, place]));
  const otherPlaces = new Map(others.map((node, place) => [node, place]));
  const ratio = ratioOf(nodes, others);
  const values = new Map<Node, RowsOfValue>();
  for (const [place, node] of nodes.entries()) {
    const other = others[place];
    if (other === undefined || !isSame(node, other, places, otherPlaces)) return null;
    const inputs = node.inputs.map((input) => values.get(input)?.rows ?? together);
    const rows = rowsOf(node, other, inputs, ratio);
    const isFed = node.operation.op === "input" || node.inputs.some((input) => values.get(input)?.isFed === true);
    values.set(node, { whole: node, microBatch: other, rows, isFed });
  }
  return [...values.values()];
}

/**
 * The coupling points of a batch, at which its rows meet: the last ones that can be computed for some rows by themselves, as the
 * latents are that a contrastive loss compares. `whole` are the loss and the metrics of a model traced with its whole batch,
 * `microBatch` those of the same model traced with fewer rows. All are f32 and have their rows on the first axis, so that those of
 * micro-batches stand one after the other. Null where the two are not the same operations; empty where rows meet before anything is
 * computed of one.
 */
export function couplingPointsOf(whole: readonly Node[], microBatch: readonly Node[]): readonly RowValue[] | null {
  const values = pairedValues(whole, microBatch);
  return values === null ? null : lastBefore(values, ({ rows }) => rows.kind === "together");
}

/**
 * The values that each row of a batch gives by itself and that micro-batches can hand on, by the nodes of `whole`: a coupling point is
 * the last of them on its way. The arguments are those of `couplingPointsOf`.
 */
export function rowValuesOf(whole: readonly Node[], microBatch: readonly Node[]): ReadonlySet<Node> | null {
  const values = pairedValues(whole, microBatch);
  if (values === null) return null;
  const isOfRows = ({ whole: node, rows, isFed }: RowsOfValue): boolean =>
    isFed && rows.kind === "apart" && isCarried(node, rows.axis);
  return new Set(values.filter(isOfRows).map((value) => value.whole));
}

/**
 * The last values that follow row by row from inputs and from what is frozen alone: they are the same in every step. Of
 * these, in their order, those that save at least `flopsPerByte` operations for each of their bytes, when the ones before
 * them are known already. The arguments are those of `couplingPointsOf`.
 */
export function frozenValuesOf(
  whole: readonly Node[],
  microBatch: readonly Node[],
  trainable: ReadonlySet<string>,
  flopsPerByte: number,
): readonly RowValue[] | null {
  const values = pairedValues(whole, microBatch);
  if (values === null) return null;
  const frozen = new Set<Node>();
  for (const { whole: node, rows } of values) {
    const { operation, inputs } = node;
    const changes = traitsOf(operation).isRandom || (operation.op === "parameter" && trainable.has(operation.path));
    if (rows.kind !== "together" && !changes && inputs.every((input) => frozen.has(input))) frozen.add(node);
  }
  const kept = new Map<Node, RowValue>();
  for (const value of lastBefore(values, ({ whole: node }) => !frozen.has(node))) {
    const flops = neededFor([value.whole], new Set(kept.keys())).reduce((sum, node) => sum + flopsOfNode(node), 0);
    if (flops >= flopsPerByte * byteCount(value.whole.type)) kept.set(value.whole, value);
  }
  return [...kept.values()];
}

/**
 * For every value of a model that was traced with fewer rows, the same one of another trace; null where the two are not the same
 * operations. The arguments are those of `couplingPointsOf`.
 */
export function sameValuesOf(whole: readonly Node[], microBatch: readonly Node[]): ReadonlyMap<Node, Node> | null {
  const values = pairedValues(whole, microBatch);
  return values === null ? null : new Map(values.map((value) => [value.microBatch, value.whole]));
}

/** The last values before some others that micro-batches can hand on to a whole; what cannot is computed after them. */
function lastBefore(values: readonly RowsOfValue[], isAfter: (value: RowsOfValue) => boolean): readonly RowValue[] {
  const byNode = new Map(values.map((value) => [value.whole, value]));
  const after = new Set(values.filter(isAfter).map(({ whole }) => whole));
  const last = new Set<Node>();
  for (const { whole: node } of values.toReversed()) {
    if (!after.has(node)) continue;
    for (const input of node.inputs) {
      const value = byNode.get(input);
      if (value?.rows.kind !== "apart" || after.has(input)) continue;
      if (value.isFed && isCarried(input, value.rows.axis)) last.add(input);
      else after.add(input);
    }
  }
  return values.flatMap(({ whole, microBatch }) => (last.has(whole) ? [{ whole, microBatch }] : []));
}

/** Inputs are there for all rows anyway, and gradients are of floats. */
function isCarried({ operation, type }: Node, axis: number): boolean {
  return operation.op !== "input" && type.dtype === "f32" && axis === 0;
}

/** The same operation on the same values. */
function isSame(
  node: Node,
  other: Node,
  places: ReadonlyMap<Node, number>,
  otherPlaces: ReadonlyMap<Node, number>,
): boolean {
  return (
    node.operation.op === other.operation.op &&
    node.inputs.length === other.inputs.length &&
    node.type.shape.length === other.type.shape.length &&
    node.inputs.every((input, index) => {
      const otherInput = other.inputs[index];
      return otherInput !== undefined && places.get(input) === otherPlaces.get(otherInput);
    })
  );
}

/** How many times as many rows the whole batch has, by the first input that has any. */
function ratioOf(nodes: readonly Node[], others: readonly Node[]): number | null {
  for (const [place, { operation, type }] of nodes.entries()) {
    const [whole = 0] = type.shape;
    const [microBatch = 0] = others[place]?.type.shape ?? [];
    if (operation.op === "input" && whole !== microBatch) return whole / microBatch;
  }
  return null;
}

function rowsOf(node: Node, other: Node, inputs: readonly Rows[], ratio: number | null): Rows {
  if (inputs.some(({ kind }) => kind === "together")) return together;
  if (attributesOf(node) !== attributesOf(other)) return together;
  const scaled = node.type.shape.flatMap((size, axis) => (size === other.type.shape[axis] ? [] : [axis]));
  const [axis] = scaled;
  if (axis === undefined) return inputs.every(({ kind }) => kind === "none") ? none : together;
  const isScaled = scaled.length === 1 && at(node.type.shape, axis) / at(other.type.shape, axis) === ratio;
  const axisOf = (input: number): number | null => {
    const found = inputs[input];
    return found?.kind === "apart" ? found.axis : null;
  };
  return isScaled && keepsRows(node, axis, axisOf) ? { kind: "apart", axis } : together;
}

/** What an operation is besides its shape. */
function attributesOf({ operation }: Node): string {
  return JSON.stringify(operation, (key, value: unknown) => (key === "shape" ? undefined : value));
}
