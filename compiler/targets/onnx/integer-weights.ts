import { type Node, nodesOf, type Program } from "../../ir/index.ts";
import { keepsRows, numbersIn, traitsOf, workOf } from "../../ops/index.ts";
import { roleOf } from "../../programs/index.ts";

/** Below so many elements a weight of 8 bits saves nothing that anybody would notice. */
const fewElements = 1024;

/** Why a weight stays in 32 bits, as far as programs tell. */
export type UnfitForIntegers =
  /** It has few elements, or a single axis. */
  | { readonly kind: "small" }
  /** Training changes it. */
  | { readonly kind: "trained" }
  /** An operation reads it that is neither a product nor takes rows of a table. */
  | { readonly kind: "read"; readonly by: string }
  /** The product decides which of several rows is taken: a small error would take another one. */
  | { readonly kind: "choice" }
  /** No axis has the output channels of all that read it. */
  | { readonly kind: "axes" };

/** Which axis has a scale for each of its slices, or why there is none. */
export type IntegerForm = { readonly kind: "integers"; readonly axis: number } | UnfitForIntegers;

/**
 * The form of each weight of some programs that share them. A weight can be stored in 8 bits where products alone read it (or a gather, of
 * a table), and one axis of it makes channels of their results: such a result follows from one slice of the weight and its scale.
 */
export function integerForms(
  programs: Iterable<Program>,
  trainable: ReadonlySet<string>,
): ReadonlyMap<string, IntegerForm> {
  const found = new Map<string, Channels>();
  for (const program of programs) {
    const readers = readersIn(program);
    for (const node of nodesOf(program)) {
      const { operation, type } = node;
      if (operation.op !== "parameter" || type.dtype !== "f32") continue;
      const { path } = operation;
      const own = formless(path, type.shape, trainable) ?? channelsOf(node, readers);
      found.set(path, both(found.get(path) ?? own, own));
    }
  }
  return new Map([...found].map(([path, channels]) => [path, formOf(channels)]));
}

function formless(path: string, shape: readonly number[], trainable: ReadonlySet<string>): UnfitForIntegers | null {
  if (shape.length < 2 || shape.reduce((count, size) => count * size, 1) < fewElements) return { kind: "small" };
  return roleOf(path, trainable) === "frozen" ? null : { kind: "trained" };
}

/** The last of several axes is the one with the finest scales, as weights are stored. */
function formOf(channels: Channels): IntegerForm {
  if (channels.kind !== "channels") return channels;
  const axis = channels.axes.at(-1);
  return axis === undefined ? { kind: "axes" } : { kind: "integers", axis };
}

/** The axes of a value that readers make channels of; none where one reads it as something else. */
type Channels = { readonly kind: "channels"; readonly axes: readonly number[] } | UnfitForIntegers;

function both(a: Channels, b: Channels): Channels {
  if (a.kind !== "channels") return a;
  return b.kind !== "channels" ? b : { kind: "channels", axes: a.axes.filter((axis) => b.axes.includes(axis)) };
}

/** The nodes that read each node. */
type Readers = ReadonlyMap<Node, readonly Node[]>;

function readersIn(program: Program): Readers {
  const readers = new Map<Node, Node[]>();
  for (const node of nodesOf(program)) {
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known === undefined) readers.set(input, [node]);
      else known.push(node);
    }
  }
  return readers;
}

function channelsOf(value: Node, readers: Readers): Channels {
  const all: Channels = { kind: "channels", axes: value.type.shape.map((_, axis) => axis) };
  return (readers.get(value) ?? []).reduce<Channels>(
    (known, reader) => both(known, readBy(reader, value, readers)),
    all,
  );
}

function readBy(reader: Node, value: Node, readers: Readers): Channels {
  const { operation, inputs, type } = reader;
  const { isMultilinear, movesElements } = traitsOf(operation);
  const isTable = numbersIn(reader) !== null && inputs[0] === value && inputs[1] !== value;
  if (isTable || (workOf(reader).product !== null && isMultilinear)) {
    if (leadsToChoice(reader, readers)) return { kind: "choice" };
    return axesThatMake(
      reader,
      value,
      type.shape.map((_, axis) => axis),
    );
  }
  if (inputs.length > 1 || !(movesElements || operation.op === "cast")) return { kind: "read", by: operation.op };
  const below = channelsOf(reader, readers);
  // What a slice takes of its own axis still has one scale for each.
  return below.kind !== "channels" || operation.op === "slice" ? below : axesThatMake(reader, value, below.axes);
}

/** The axes of an input of which each slice makes one of some axis of the result. */
function axesThatMake(reader: Node, value: Node, made: readonly number[]): Channels {
  const isMade = (axis: number, size: number): boolean =>
    made.some(
      (each) =>
        reader.type.shape[each] === size &&
        keepsRows(reader, each, (input) => (reader.inputs[input] === value ? axis : null)),
    );
  return { kind: "channels", axes: value.type.shape.flatMap((size, axis) => (isMade(axis, size) ? [axis] : [])) };
}

/** Whether numbers of rows follow from a value: the place of the largest, an order. */
function leadsToChoice(value: Node, readers: Readers): boolean {
  const seen = new Set<Node>();
  const waiting = [value];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const reader of readers.get(node) ?? []) {
      if (reader.type.dtype === "i32") return true;
      const { isElementwise, movesElements } = traitsOf(reader.operation);
      if (seen.has(reader) || !(isElementwise || movesElements)) continue;
      seen.add(reader);
      waiting.push(reader);
    }
  }
  return false;
}
