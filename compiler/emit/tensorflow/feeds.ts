import { byteCount, type TensorType } from "../../ir/types.ts";
import { type GraphWriter, scopeOf } from "./graph-writer.ts";
import { type SignatureDef, typeAttribute } from "./graphdef.ts";
import type { Variable, Variables } from "./variables.ts";

/** At most that many bytes are fed at once, so that no second copy of all weights is ever needed. */
const pieceBytes = 64 * 1024 * 1024;

/** Some rows of a tensor along its first axis. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly shape: readonly number[];
}

/** One piece of a parameter that is fed in f32. */
export interface Feed extends Piece {
  readonly path: string;
  /** The node that takes the values, and the one that says that they are stored. */
  readonly input: string;
  readonly done: string;
}

/**
 * Writes the nodes that take the values of all fed variables, in pieces that have to come in order. What is fed is added
 * to zeros: a variable has memory of its own and never holds on to the caller's.
 */
export function emitFeeds(variables: Variables, writer: GraphWriter): readonly Feed[] {
  const byPath = new Map<string, Variable[]>();
  for (const variable of variables.all.values()) {
    if (variable.source.kind !== "fed") continue;
    byPath.set(variable.path, [...(byPath.get(variable.path) ?? []), variable]);
  }
  return [...byPath].flatMap(([path, stored]) => emitPieces(path, stored, writer));
}

/** The feeds as signatures that each take at most a piece's worth of bytes: `init`, `init_1`, ... */
export function feedSignatures(feeds: readonly Feed[]): ReadonlyMap<string, SignatureDef> {
  const signatures = new Map<string, SignatureDef>();
  let group: Feed[] = [];
  let bytes = 0;
  const close = (): void => {
    if (group.length === 0) return;
    const name = signatures.size === 0 ? "init" : `init_${signatures.size}`;
    const info = (node: string, type: TensorType) => ({ name: `${node}:0`, type });
    signatures.set(name, {
      inputs: new Map(group.map((feed) => [feed.path, info(feed.input, { dtype: "f32", shape: feed.shape })])),
      outputs: new Map(group.map((feed) => [feed.path, info(feed.done, { dtype: "bool", shape: [] })])),
    });
    group = [];
    bytes = 0;
  };
  for (const feed of feeds) {
    const size = byteCount({ dtype: "f32", shape: feed.shape });
    // Pieces of one variable come one after the other, and so in signatures of their own.
    if (bytes + size > pieceBytes || group.some(({ path }) => path === feed.path)) close();
    group.push(feed);
    bytes += size;
  }
  close();
  return signatures;
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

function emitPieces(path: string, stored: readonly Variable[], writer: GraphWriter): readonly Feed[] {
  const [first] = stored;
  if (first === undefined) return [];
  return piecesOf(first.type.shape).map(({ from, to, shape }) => {
    const scope = `init/${scopeOf(path)}`;
    const input = writer.add(scope, "Placeholder", [], {
      dtype: typeAttribute("f32"),
      shape: { kind: "shape", shape },
    });
    const stores = stored.map((variable) => storePiece(variable, input, from, to, scope, writer));
    const yes = writer.constant({ dtype: "bool", shape: [] }, [1]);
    const done = writer.add(scope, "Identity", [yes, ...stores.map((name) => `^${name}`)], {
      T: typeAttribute("bool"),
    });
    return { path, from, to, shape, input, done };
  });
}

/** Adds a piece to a variable, which the first piece fills with zeros; gives the node that does it. */
export function storePiece(
  { handle, type }: Variable,
  input: string,
  from: number,
  to: number,
  scope: string,
  writer: GraphWriter,
): string {
  const dtype = typeAttribute(type.dtype);
  const before = from === 0 ? [`^${assignZeros(handle, type, scope, writer)}`] : [];
  const value =
    type.dtype === "f32" ? input : writer.add(scope, "Cast", [input], { SrcT: typeAttribute("f32"), DstT: dtype });
  const [rows = 1] = type.shape;
  if (from === 0 && to === rows) {
    return writer.add(scope, "AssignAddVariableOp", [handle, value, ...before], { dtype });
  }
  const bounds = [[from], [to], [1]].map((values) => writer.list(values));
  const stored = writer.add(scope, "ResourceStridedSliceAssign", [handle, ...bounds, value, ...before], {
    T: dtype,
    Index: typeAttribute("i32"),
  });
  // A variable that was written in part is copied at every read from then on, until it is told that this is over.
  return to < rows ? stored : writer.add(scope, "DisableCopyOnRead", [handle, `^${stored}`], {});
}

/** Sets a variable to zeros in memory of its own. */
export function assignZeros(handle: string, type: TensorType, scope: string, writer: GraphWriter): string {
  const dtype = typeAttribute(type.dtype);
  const zero = writer.constant({ dtype: type.dtype, shape: [] }, [0]);
  const zeros = writer.add(scope, "Fill", [writer.list(type.shape), zero], {
    T: dtype,
    index_type: typeAttribute("i32"),
  });
  return writer.add(scope, "AssignVariableOp", [handle, zeros], { dtype });
}
