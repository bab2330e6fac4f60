import { bytesOf } from "./elements.ts";
import { FormatError } from "./format-error.ts";
import { limits } from "./limits.ts";
import { readPickle } from "./pickle.ts";
import { type PickleValue, PyDict, type TorchTensor } from "./pickle-values.ts";
import type { PlacedTensor } from "./placed-tensor.ts";
import { spanOf, torchTypes } from "./torch-types.ts";
import { readPart, type WeightFile } from "./weight-file.ts";
import { readZip, type ZipEntry } from "./zip.ts";

/** A pickle of that many bytes has a hundred thousand tensors. */
const longestPickle = 2 ** 25;
/** Dicts in dicts in dicts, no deeper than that. */
const deepest = 16;

const uncompressed = "write it again with torch.save, which compresses nothing";
const saveDict = "save a state dict: torch.save(model.state_dict(), FILE)";

/**
 * Where the tensors of a checkpoint are that torch.save wrote (since PyTorch 1.6: a zip archive with a pickle, and a file
 * for each storage). Those of dicts in dicts have the names of all with dots between. Nothing of the pickle is run; what is
 * more than tensors in dicts is refused or left out. Throws a FormatError for what is refused.
 */
export function readTorch(file: WeightFile): ReadonlyMap<string, PlacedTensor> {
  const entries = readZip(file);
  const prefix = archiveOf(entries, file);
  const entryOf = (name: string): ZipEntry | null => {
    const entry = entries.get(prefix + name);
    if (entry === undefined || entry.packing === "none") return entry ?? null;
    throw new FormatError(file.path, `\`${prefix}${name}\` in it is compressed`, uncompressed);
  };
  const order = entryOf("byteorder");
  if (order !== null && textOf(order, file) !== "little") {
    throw new FormatError(file.path, "its numbers are big-endian", "save it on a little-endian machine");
  }
  const pickle = entryOf("data.pkl");
  if (pickle === null || pickle.to - pickle.from > longestPickle) {
    throw new FormatError(file.path, `its pickle has more than ${longestPickle / 2 ** 20} MiB`);
  }
  const value = readPickle(file.path, readPart(file, pickle.from, pickle.to), torchTypes(file.path));
  const placed = new Map<string, PlacedTensor>();
  for (const [name, tensor] of tensorsIn(value, file)) {
    placed.set(name, placeTensor(name, tensor, entryOf(`data/${tensor.storage.key}`), file));
  }
  return placed;
}

/** What stands before the names of all files in an archive. */
function archiveOf(entries: ReadonlyMap<string, ZipEntry>, file: WeightFile): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle, ...more] = pickles;
  if (pickle === undefined || more.length > 0) {
    throw new FormatError(file.path, "it is a zip archive but not a PyTorch checkpoint: it has no data.pkl", saveDict);
  }
  const prefix = pickle.slice(0, -"data.pkl".length);
  if (entries.has(`${prefix}constants.pkl`)) {
    throw new FormatError(file.path, "it is a TorchScript program", saveDict);
  }
  return prefix;
}

function textOf({ from, to }: ZipEntry, file: WeightFile): string {
  return Buffer.from(readPart(file, from, Math.min(to, from + 64))).toString("latin1");
}

/** The tensors of a dict, and of the dicts in it, each of which is looked into once. */
function tensorsIn(value: PickleValue, file: WeightFile): ReadonlyMap<string, TorchTensor> {
  if (!(value instanceof PyDict)) {
    const what = typeof value === "object" && value !== null ? `a ${value.kind}` : "a single value";
    throw new FormatError(file.path, `it has ${what}, not a dict of tensors`, saveDict);
  }
  const tensors = new Map<string, TorchTensor>();
  const seen = new Set<PyDict>();
  const visit = (dict: PyDict, prefix: string, depth: number): void => {
    seen.add(dict);
    for (const [key, item] of dict.entries) {
      const name = prefix + String(key);
      if (typeof item !== "object" || item === null) continue;
      if (name.length > limits.name)
        throw new FormatError(file.path, `a name in it has more than ${limits.name} characters`);
      if (item instanceof PyDict) {
        if (depth < deepest && !seen.has(item)) visit(item, `${name}.`, depth + 1);
      } else if (item.kind === "tensor") {
        if (tensors.has(name)) throw new FormatError(file.path, `it has \`${name}\` twice`);
        tensors.set(name, item);
      }
    }
  };
  visit(value, "", 0);
  return tensors;
}

function placeTensor(
  name: string,
  { storage, dtype, offset, shape, strides }: TorchTensor,
  entry: ZipEntry | null,
  file: WeightFile,
): PlacedTensor {
  const size = bytesOf(dtype);
  const needed = storage.dtype === null ? storage.count : storage.count * bytesOf(storage.dtype);
  if (entry === null)
    throw new FormatError(file.path, `\`${name}\` has the storage \`${storage.key}\`, which is missing`);
  if (entry.to - entry.from !== needed) {
    const found = `storage \`${storage.key}\` of \`${name}\` has ${entry.to - entry.from} bytes`;
    throw new FormatError(file.path, `${found}, but ${needed} are needed`);
  }
  const from = entry.from + offset * size;
  const to = from + spanOf({ shape, strides }) * size;
  return { dtype, shape, from, to, strides: isInOrder(shape, strides) ? null : strides };
}

/** Whether elements lie one after the other, row by row; along an axis of one element nothing is to be seen of it. */
function isInOrder(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  return shape.toReversed().every((size, place) => {
    const isFit = size === 1 || strides.at(-1 - place) === expected;
    expected *= size;
    return isFit;
  });
}
