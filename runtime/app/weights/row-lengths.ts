import { type Compiled, evaluateOnce, type LowRank, type Plan } from "../../../compiler/index.ts";
import { adapterUpdates, lengthsOf, type OpenModel } from "../../adapters/index.ts";
import { countOf, FormatError, joined, type NameMatch, type WeightPieces } from "../../weights/index.ts";
import { lengthsName } from "./peft-agreement.ts";

/** A file that may have row lengths as PEFT's DoRA stores them. */
export interface LengthsFile {
  readonly path: string;
  readonly file: OpenModel;
  readonly match: NameMatch;
}

/** Relative difference between lengths that a spec computes and those of the file: rounding of 32-bit floats, and no more. */
const tolerance = 1e-4;

/**
 * The parameters of a spec's adapters that stand for PEFT's `lora_magnitude_vector`, by their paths. PEFT stores what each row is rescaled
 * to; the spec's parameter is what is added to the length that a row has without it, so it depends on the weights. `piecesOf` gives these.
 * Nothing for files without such tensors.
 */
export function lengthParameters(
  { spec, plan }: Compiled,
  files: readonly LengthsFile[],
  piecesOf: WeightPieces,
): ReadonlyMap<string, () => Iterable<Float32Array>> {
  const found = new Map<string, () => Iterable<Float32Array>>();
  const have = files.filter(({ file }) =>
    [...file.tensors.keys()].some((name) => name.endsWith(".lora_magnitude_vector")),
  );
  if (spec === null || plan === null || have.length === 0) return found;
  for (const update of adapterUpdates(spec, plan)) {
    if (update.kind !== "low-rank" || !update.hasLengths) continue;
    const parameter = lengthsParameter(update.path, update, plan);
    for (const { path, file, match } of have) {
      const name = lengthsName(update.down.checkpoint, match, file);
      // A file of medctc's own has the parameter itself.
      if (name === null || parameter === null || match.found.has(parameter.checkpoint)) continue;
      let computed: Float32Array | null = null;
      found.set(parameter.path, () => {
        computed ??= changeFor(update, parameter, storedLengths(file, name), piecesOf, path);
        return [computed];
      });
    }
  }
  return found;
}

interface LengthsParameter {
  readonly path: string;
  readonly checkpoint: string;
  readonly shape: readonly number[];
}

/** The only parameter of an adapter besides both matrices: one number for each row. */
function lengthsParameter(path: string, { down, up }: LowRank, { parameters }: Plan): LengthsParameter | null {
  const others = parameters.filter(
    (each) => each.ofAdapter && each.path.startsWith(`${path}.`) && each.path !== down.path && each.path !== up.path,
  );
  const [only, ...more] = others;
  return only === undefined || more.length > 0 || countOf(only.shape) !== up.shape[0] ? null : only;
}

function storedLengths({ tensors, floats }: OpenModel, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`${name} was found in the file`);
  return joined(floats(tensor), countOf(tensor.shape));
}

/** What the parameter is for which the rows of the folded weight have the stored lengths; held against what the spec then computes. */
function changeFor(
  update: LowRank,
  { path, checkpoint }: LengthsParameter,
  stored: Float32Array,
  piecesOf: WeightPieces,
  file: string,
): Float32Array {
  const plain = new Float32Array(stored.length);
  const without = lengthsWith(update, path, plain, piecesOf);
  if (without.length !== stored.length) {
    throw new FormatError(
      file,
      `it has ${stored.length} row lengths for \`${update.module}\`, which has ${without.length} rows`,
    );
  }
  const change = stored.map((length, row) => length - (without[row] ?? 0));
  const after = lengthsWith(update, path, change, piecesOf);
  const isSame = stored.every(
    (length, row) => Math.abs(length - (after[row] ?? 0)) <= tolerance * Math.max(1e-6, Math.abs(length)),
  );
  if (!isSame && stored.every(Number.isFinite)) {
    throw new FormatError(
      file,
      `the row lengths of \`${update.module}\` are not what \`${checkpoint}\` in the spec stands for`,
    );
  }
  return change;
}

/** The lengths of an adapted weight's rows for a value of the parameter. */
function lengthsWith(update: LowRank, path: string, value: Float32Array, piecesOf: WeightPieces): Float32Array {
  return doraLengths(update, (asked) => (asked === path ? [value] : piecesOf(asked)));
}

/** PEFT's `lora_magnitude_vector` of a module with DoRA: what rows of W + scale up down are multiplied to, or a table's columns. */
export function doraLengths(
  { folded: { weight, isTurned }, down, up, rank, scale }: LowRank,
  piecesOf: WeightPieces,
): Float32Array {
  const { shape } = weight.parameter;
  const outputs = shape[isTurned ? 1 : 0] ?? 1;
  const inputs = countOf(shape) / outputs;
  const [before = [], a = [], b = []] = [weight.parameter, down, up].map((each) =>
    joined(piecesOf(each.path), countOf(each.shape)),
  );
  const folded = evaluateOnce(weight.node, piecesOf);
  return lengthsOf({ outputs, inputs, rank, scale, isTurned, weight: before, down: a, up: b, folded });
}
