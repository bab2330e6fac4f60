import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  evaluateExactly,
  foldModel,
  type Node,
  type Plan,
  type Program,
  type TracedSpec,
} from "../../../compiler/index.ts";
import { computeOnce, isQuick } from "../../backends/onnx/index.ts";
import { machineFiles, makeTemporaryFolder, readAll, writeAll } from "../../files/index.ts";

/** A weight's elements in pieces, each good until the next; those of 64-bit floats with all of their digits. */
export type ExactPieces = (path: string) => Iterable<Float32Array | Float64Array>;

/** Weights into which adapters were folded, by their paths; each is computed when it is asked for, so that few are in memory. */
export interface FoldedWeights {
  readonly kind: "folded";
  readonly paths: ReadonlySet<string>;
  readonly piecesOf: ExactPieces;
  readonly close: () => void;
}

export const nothingFolded: FoldedWeights = {
  kind: "folded",
  paths: new Set(),
  piecesOf: () => [],
  close: () => undefined,
};

/** What a spec places, in its own words, of which some adapters cannot be folded into a weight. */
export function unfoldedPlacements({ placements }: Plan, paths: readonly string[]): readonly string[] {
  const left = new Set(paths);
  return placements
    .filter(({ adapters }) => adapters.some(({ path }) => left.has(path)))
    .map(({ text }) => `\`${text}\``);
}

/** The new weights and biases of all modules with adapters, or the adapters that cannot be folded into one. */
export async function foldedWeights(
  spec: TracedSpec,
  plan: Plan,
  piecesOf: ExactPieces,
): Promise<FoldedWeights | { readonly kind: "not-mergeable"; readonly paths: readonly string[] }> {
  const { program, parameters, replaced, modules, left } = foldModel(spec, plan);
  if (left.length > 0) return { kind: "not-mergeable", paths: left };
  const nodes = new Map<string, { readonly program: Program; readonly node: Node }>();
  for (const [path, { program: own, node }] of [...parameters, ...replaced]) nodes.set(path, { program: own, node });
  // A bias that no adapter changes is the parameter itself.
  for (const { weight, bias } of modules.values())
    for (const { parameter, node } of bias === null ? [weight] : [weight, bias])
      if (node.operation.op !== "parameter") nodes.set(parameter.path, { program, node });
  const slow = [...nodes].flatMap(([path, { program: whole, node }]) => {
    const alone = {
      ...whole,
      name: "once",
      outputs: new Map([["value", node]]),
      once: new Map(),
      updates: new Map(),
    };
    return isQuick(alone) ? [] : [[path, alone] as const];
  });
  const kept = await keptOnDisk(slow, piecesOf);
  return {
    kind: "folded",
    paths: new Set(nodes.keys()),
    piecesOf: (path) => {
      const folded = nodes.get(path);
      if (folded === undefined) throw new Error(`${path} is a weight with an adapter`);
      return kept.piecesOf(path) ?? [Float64Array.from(evaluateExactly(folded.node, piecesOf))];
    },
    close: kept.close,
  };
}

/** Elements that are read at once. */
const elementsAtOnce = 2 ** 18;

/**
 * What takes the reference evaluator too long is computed by ONNX Runtime, in 32-bit floats, and waits in a file: a model may have
 * hundreds of such weights.
 */
async function keptOnDisk(
  programs: readonly (readonly [path: string, program: Program])[],
  piecesOf: ExactPieces,
): Promise<{ readonly piecesOf: (path: string) => Iterable<Float32Array> | null; readonly close: () => void }> {
  if (programs.length === 0) return { piecesOf: () => null, close: () => undefined };
  const folder = makeTemporaryFolder("medctc-folded");
  const file = join(folder, "weights");
  const places = new Map<string, { readonly from: number; readonly count: number }>();
  let handle: number | null = null;
  const close = (): void => {
    if (handle !== null) closeSync(handle);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    handle = openSync(file, "wx+");
    let end = 0;
    for (const [path, program] of programs) {
      const value = await computeOnce(program, (asked) => inSingle(piecesOf(asked)));
      writeAll(handle, new Uint8Array(value.buffer, value.byteOffset, value.byteLength), machineFiles);
      places.set(path, { from: end, count: value.length });
      end += value.byteLength;
    }
  } catch (error) {
    close();
    throw error;
  }
  const opened = handle;
  function* pieces({ from, count }: { readonly from: number; readonly count: number }): Iterable<Float32Array> {
    for (let done = 0; done < count; done += elementsAtOnce) {
      const piece = new Float32Array(Math.min(elementsAtOnce, count - done));
      if (!readAll(opened, new Uint8Array(piece.buffer), from + 4 * done, machineFiles))
        throw new Error("a temporary file became shorter");
      yield piece;
    }
  }
  return {
    piecesOf: (path) => {
      const place = places.get(path);
      return place === undefined ? null : pieces(place);
    },
    close,
  };
}

function* inSingle(pieces: Iterable<Float32Array | Float64Array>): Iterable<Float32Array> {
  for (const piece of pieces) yield piece instanceof Float32Array ? piece : Float32Array.from(piece);
}
