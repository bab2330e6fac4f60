import { byteCount, type TensorType } from "../../ir/types.ts";
import { type GraphWriter, scopeOf } from "./graph-writer.ts";
import { type SignatureDef, type TensorInfo, typeAttribute } from "./graphdef.ts";
import type { Variable, Variables } from "./variables.ts";

/** At most that many bytes are fed at once, so that no second copy of all weights is ever needed. */
const pieceBytes = 64 * 1024 * 1024;

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
 * stores the pieces that it is given and leaves those alone that are fed as empty. TensorFlow prepares the whole graph anew
 * for each choice of what is fed; so all pieces are fed at every run, and it is prepared once. A variable has memory of its
 * own and never holds on to the caller's.
 */
export function emitFeeds(
  variables: Variables,
  writer: GraphWriter,
): { readonly feeds: readonly Feed[]; readonly signature: SignatureDef } {
  const byPath = new Map<string, Variable[]>();
  for (const variable of variables.all.values()) {
    if (variable.source.kind !== "fed") continue;
    byPath.set(variable.path, [...(byPath.get(variable.path) ?? []), variable]);
  }
  const one = writer.named("init/one", "Placeholder", [], { dtype: typeAttribute("f32"), ...scalar });
  const emitted = [...byPath].flatMap(([path, stored]) => emitPieces(path, stored, one, writer));
  const done = writer.add("init", "Identity", [one, ...emitted.map((piece) => `^${piece.done}`)], {
    T: typeAttribute("f32"),
  });
  const feeds = emitted.map(({ feed }) => feed);
  const signature = {
    inputs: new Map([[one, info(one, [])], ...feeds.map(({ input, shape }) => [input, info(input, shape)] as const)]),
    outputs: new Map([["done", info(done, [])]]),
  };
  return { feeds, signature };
}

const scalar = { shape: { kind: "shape", shape: [] } } as const;

function info(node: string, shape: readonly number[]): TensorInfo {
  return { name: `${node}:0`, type: { dtype: "f32", shape } };
}

/** A tensor in pieces of at most 64 MiB in f32; a single number is one piece. */
export function piecesOf(shape: readonly number[]): readonly Piece[] {
  const [rows = 1, ...rest] = shape;
  const bytesOfRow = byteCount({ dtype: "f32", shape: rest });
  const step = shape.length === 0 ? 1 : Math.max(1, Math.floor(pieceBytes / Math.max(1, bytesOfRow)));
  const pieces: Piece[] = [];
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step);
    pieces.push({ from, to, shape: shape.length === 0 ? [] : [to - from, ...rest] });
  }
  return pieces;
}

interface EmittedPiece {
  readonly feed: Feed;
  /** The node that says that the piece is stored, or left alone. */
  readonly done: string;
}

function emitPieces(
  path: string,
  stored: readonly Variable[],
  one: string,
  writer: GraphWriter,
): readonly EmittedPiece[] {
  const [first] = stored;
  if (first === undefined) return [];
  const scope = `init/${scopeOf(path)}`;
  return piecesOf(first.type.shape).map((piece) => {
    const input = writer.add(scope, "Placeholder", [], { dtype: typeAttribute("f32") });
    const feed = { path, ...piece, input };
    return { feed, done: emitStores(feed, stored, one, scope, writer) };
  });
}

/** Stores a piece in its variables unless it is fed as empty; gives the node that comes after that in either case. */
function emitStores(
  { input, from, to, shape }: Feed,
  stored: readonly Variable[],
  one: string,
  scope: string,
  writer: GraphWriter,
): string {
  const float = { T: typeAttribute("f32") };
  const size = writer.add(scope, "Size", [input], { ...float, out_type: typeAttribute("i32") });
  const zero = writer.constant({ dtype: "i32", shape: [] }, [0]);
  // A piece without elements is always stored: given or not, it is empty.
  const comparison = byteCount({ dtype: "f32", shape }) === 0 ? "Equal" : "NotEqual";
  const isGiven = writer.add(scope, comparison, [size, zero], { T: typeAttribute("i32") });
  const split = writer.add(scope, "Switch", [input, isGiven], float);
  // A node of its own, since what waits for a Switch runs whichever way it goes.
  const rows = writer.add(scope, "Identity", [`${split}:1`], float);
  const stores = stored.map((variable) => storePiece(variable, rows, from, to, scope, writer, one));
  const after = writer.add(scope, "Identity", [rows, ...stores.map((name) => `^${name}`)], float);
  return writer.add(scope, "Merge", [split, after], { ...float, N: { kind: "int", value: 2 } });
}

/**
 * Stores a piece in a variable, which the first of several fills with zeros; gives the node that does it. For a piece that
 * is fed, `one` is fed too, as a 1: a variable gets memory of its own by a product with it, and zeros that follow from it.
 * TensorFlow leaves a product with a 1 out when it knows it, and keeps zeros that it knows as a second copy of the weights.
 */
export function storePiece(
  { handle, type }: Variable,
  input: string,
  from: number,
  to: number,
  scope: string,
  writer: GraphWriter,
  one: string | null = null,
): string {
  const dtype = typeAttribute(type.dtype);
  const isWhole = from === 0 && to === (type.shape[0] ?? 1);
  const cast = { SrcT: typeAttribute("f32"), DstT: dtype };
  let value = input;
  if (type.dtype !== "f32") value = writer.add(scope, "Cast", [input], cast);
  else if (isWhole && one !== null) value = writer.add(scope, "Mul", [input, one], { T: dtype });
  if (isWhole) return writer.add(scope, "AssignVariableOp", [handle, value], { dtype });
  const before: string[] = [];
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
