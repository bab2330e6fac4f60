import { byteCount, type Dtype, type TensorType } from "../../ir/index.ts";
import { type GraphWriter, scopeOf } from "./graph-writer.ts";
import { type Attributes, type SignatureDef, type TensorInfo, typeAttribute } from "./graphdef.ts";
import type { Variable, Variables } from "./variables.ts";

/** Some rows of a tensor along its first axis. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly shape: readonly number[];
}

/** One piece of a parameter that is fed in f32, row by row. */
export interface Feed extends Piece {
  readonly path: string;
  /** The node that takes the values. */
  readonly input: string;
}

/**
 * Writes the nodes that take the values of all fed variables, in pieces that have to come in order: a run of the signature
 * stores the pieces that its input `given` names and leaves the others alone, which are fed as empty. TensorFlow prepares the
 * whole graph anew for each choice of what is fed; so all pieces are fed at every run, and it is prepared once. A variable has
 * memory of its own and never holds on to the caller's.
 *
 * What is given is said by `given` and cannot be read off a piece's size: TensorFlow takes it that what is assigned to a
 * variable has the variable's shape, concludes that a piece cannot be empty, and would store the empty ones too.
 */
export function emitFeeds(
  variables: Variables,
  writer: GraphWriter,
  feedBytes: number,
): { readonly feeds: readonly Feed[]; readonly signature: SignatureDef } {
  const byPath = new Map<string, Variable[]>();
  for (const variable of variables.all.values()) {
    if (variable.source.kind !== "fed") continue;
    byPath.set(variable.path, [...(byPath.get(variable.path) ?? []), variable]);
  }
  const pieces = [...byPath].flatMap(([path, [first, ...others]]) => {
    if (first === undefined) return [];
    const stored = [first, ...others];
    return piecesOf(first.type.shape, feedBytes).map((piece) => ({ path, piece, stored }));
  });
  const one = writer.named("init/one", "Placeholder", [], { dtype: typeAttribute("f32"), ...shaped([]) });
  const given = writer.named("init/given", "Placeholder", [], {
    dtype: typeAttribute("bool"),
    ...shaped([pieces.length]),
  });
  const flags = unpacked(given, pieces.length, writer);
  const emitted = pieces.map(({ path, piece, stored }, place) => {
    const scope = `init/${scopeOf(path)}`;
    const input = writer.add(scope, "Placeholder", [], { dtype: typeAttribute("f32") });
    const feed = { path, ...piece, input };
    return { feed, done: emitStores(feed, stored, { one, isGiven: flags[place] ?? given }, scope, writer) };
  });
  const done = writer.add("init", "Identity", [one, ...emitted.map((piece) => `^${piece.done}`)], {
    T: typeAttribute("f32"),
  });
  const feeds = emitted.map(({ feed }) => feed);
  const signature = {
    inputs: new Map([
      ["one", info(one, "f32", [])],
      ["given", info(given, "bool", [pieces.length])],
      ...feeds.map(({ input, shape }) => [input, info(input, "f32", shape)] as const),
    ]),
    outputs: new Map([["done", info(done, "f32", [])]]),
  };
  return { feeds, signature };
}

function shaped(shape: readonly number[]): Attributes {
  return { shape: { kind: "shape", shape } };
}

function info(node: string, dtype: Dtype, shape: readonly number[]): TensorInfo {
  return { name: `${node}:0`, type: { dtype, shape } };
}

/** The elements of a vector, each by itself. */
function unpacked(vector: string, count: number, writer: GraphWriter): readonly string[] {
  if (count === 0) return [];
  const num = { kind: "int", value: count } as const;
  const node = writer.add("init", "Unpack", [vector], {
    T: typeAttribute("bool"),
    num,
    axis: { kind: "int", value: 0 },
  });
  return Array.from({ length: count }, (_, place) => (place === 0 ? node : `${node}:${place}`));
}

/** A tensor in pieces of at most so many bytes in f32, by whole rows; a single number is one piece. */
export function piecesOf(shape: readonly number[], feedBytes: number): readonly Piece[] {
  const [rows = 1, ...rest] = shape;
  const bytesOfRow = byteCount({ dtype: "f32", shape: rest });
  const step = shape.length === 0 ? 1 : Math.max(1, Math.floor(feedBytes / Math.max(1, bytesOfRow)));
  // A tensor without rows is one piece too: its variable has to be given a value.
  return Array.from({ length: Math.max(1, Math.ceil(rows / step)) }, (_, place) => {
    const from = place * step;
    const to = Math.min(rows, from + step);
    return { from, to, shape: shape.length === 0 ? [] : [to - from, ...rest] };
  });
}

/** Stores a piece in its variables when it is given; gives the node that comes after that in either case. */
function emitStores(
  { input, from, to }: Feed,
  stored: readonly Variable[],
  { one, isGiven }: { readonly one: string; readonly isGiven: string },
  scope: string,
  writer: GraphWriter,
): string {
  const float = { T: typeAttribute("f32") };
  const split = writer.add(scope, "Switch", [input, isGiven], float);
  // A node of its own, since what waits for a Switch runs whichever way it goes.
  const rows = writer.add(scope, "Identity", [`${split}:1`], float);
  const stores = stored.map((variable) =>
    storePiece({ variable, from, to, value: rows, scope, one, after: null }, writer),
  );
  const after = writer.add(scope, "Identity", [rows, ...stores.map((name) => `^${name}`)], float);
  return writer.add(scope, "Merge", [split, after], { ...float, N: { kind: "int", value: 2 } });
}

/** Rows of a variable with the node that has their value, in f32. */
interface StoredPiece {
  readonly variable: Variable;
  readonly from: number;
  readonly to: number;
  readonly value: string;
  readonly scope: string;
  /**
   * For a piece that is fed, a 1 that is fed too: a variable gets memory of its own by a product with it, and zeros that follow
   * from it. TensorFlow leaves a product with a 1 out when it knows it, and keeps zeros that it knows as a second copy of the weights.
   */
  readonly one: string | null;
  /** The piece before in the same run, or zeros, with which the first piece fills the variable, could come last. */
  readonly after: string | null;
}

/** Stores a piece in its variable; gives the node that does it. */
export function storePiece(
  { variable: { handle, type }, from, to, value: given, scope, one, after }: StoredPiece,
  writer: GraphWriter,
): string {
  const dtype = typeAttribute(type.dtype);
  const isWhole = from === 0 && to === (type.shape[0] ?? 1);
  const cast = { SrcT: typeAttribute("f32"), DstT: dtype };
  let value = given;
  if (type.dtype !== "f32") value = writer.add(scope, "Cast", [given], cast);
  else if (isWhole && one !== null) value = writer.add(scope, "Mul", [given, one], { T: dtype });
  if (isWhole) return writer.add(scope, "AssignVariableOp", [handle, value], { dtype });
  const before = after === null ? [] : [`^${after}`];
  if (from === 0) {
    const zero = one === null ? zeroOf(type, writer) : fedZero(type, one, writer);
    // After the value, because it is only there for a piece that is given.
    before.push(`^${assignZeros(handle, type, scope, writer, zero, [`^${value}`])}`);
  }
  const bounds = [[from], [to], [1]].map((values) => writer.list(values));
  const stored = writer.add(scope, "ResourceStridedSliceAssign", [handle, ...bounds, value, ...before], {
    T: dtype,
    Index: typeAttribute("i32"),
  });
  // A variable that was written in part is copied at every read from then on, until it is told that this is over.
  return to < (type.shape[0] ?? 1) ? stored : writer.add(scope, "DisableCopyOnRead", [handle, `^${stored}`], {});
}

/** A zero that TensorFlow does not know before a one is fed. */
function fedZero({ dtype }: TensorType, one: string, writer: GraphWriter): string {
  const known = writer.constant({ dtype: "f32", shape: [] }, [1]);
  const zero = writer.add("init", "Sub", [one, known], { T: typeAttribute("f32") });
  if (dtype === "f32") return zero;
  return writer.add("init", "Cast", [zero], { SrcT: typeAttribute("f32"), DstT: typeAttribute(dtype) });
}

function zeroOf({ dtype }: TensorType, writer: GraphWriter): string {
  return writer.constant({ dtype, shape: [] }, [0]);
}

/** Sets a variable to zeros in memory of its own, after some nodes. */
export function assignZeros(
  handle: string,
  type: TensorType,
  scope: string,
  writer: GraphWriter,
  zero = zeroOf(type, writer),
  after: readonly string[] = [],
): string {
  const dtype = typeAttribute(type.dtype);
  const zeros = writer.add(scope, "Fill", [writer.list(type.shape), zero, ...after], {
    T: dtype,
    index_type: typeAttribute("i32"),
  });
  return writer.add(scope, "AssignVariableOp", [handle, zeros], { dtype });
}
