import { bytesOf } from "./elements.ts";
import { FormatError } from "./format-error.ts";
import { limits } from "./limits.ts";
import { readPickle } from "./pickle.ts";
import { type PickleValue, PyDict, type TorchTensor, UnreadObject } from "./pickle-values.ts";
import type { PlacedTensor } from "./placed-tensor.ts";
import { spanOf, torchTypes } from "./torch-types.ts";
import { UnreadNames, type UnreadType } from "./unread-names.ts";
import { readPart, type WeightFile } from "./weight-file.ts";
import { readZip, type ZipEntry } from "./zip.ts";

/** A pickle of that many bytes has a hundred thousand tensors. */
const longestPickle = 2 ** 25;
/** Dicts in dicts in dicts, no deeper than that. */
const deepest = 16;

const uncompressed = "write it again with torch.save, which compresses nothing";
const saveDict = "save a state dict: torch.save(model.state_dict(), FILE)";

/** What a checkpoint has: where its tensors are, and the types of what else it has. */
export interface TorchFile {
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  readonly unread: readonly UnreadType[];
  /** What the names of a tensor's dict start with, where that is in other dicts: `state_dict.`; a module is one dict. */
  readonly dicts: ReadonlyMap<string, string>;
  /** The names of values in dicts that are neither tensors nor dicts. */
  readonly values: readonly string[];
}

/** Names of values that are listed; a trainer's checkpoint has some. */
const mostValues = 100;

/**
 * Where the tensors of a checkpoint are that torch.save wrote (since PyTorch 1.6: a zip archive with a pickle, and a file
 * for each storage). Those of dicts in dicts have the names of all with dots between, and those of a whole module the names of its
 * state dict. Nothing of the pickle is run; what is more than tensors is left out. Throws a FormatError for what is refused.
 */
export function readTorch(file: WeightFile): TorchFile {
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
  const unread = new UnreadNames();
  const value = readPickle(file.path, readPart(file, pickle.from, pickle.to), torchTypes(file.path, unread));
  const placed = new Map<string, PlacedTensor>();
  const { tensors, dicts, values } = tensorsIn(value, file, unread);
  for (const [name, tensor] of tensors) {
    placed.set(name, placeTensor(name, tensor, entryOf(`data/${tensor.storage.key}`), file));
  }
  return { tensors: placed, unread: unread.types, dicts, values };
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

/** The tensors of a dict, and of the dicts and modules in it, each of which is looked into once. */
function tensorsIn(
  value: PickleValue,
  file: WeightFile,
  unread: UnreadNames,
): { readonly tensors: ReadonlyMap<string, TorchTensor> } & Pick<TorchFile, "dicts" | "values"> {
  const whole = dictsOf(value);
  if (whole === null) {
    const what = typeof value === "object" && value !== null ? described(value) : "a single value";
    throw new FormatError(file.path, `it has ${what}, not a dict of tensors`, saveDict);
  }
  const tensors = new Map<string, TorchTensor>();
  const seen = new Set<PyDict>();
  const dicts = new Map<string, string>();
  const values: string[] = [];
  /** `module` is what the names of all of a module start with; null outside of any. */
  const visit = (items: PyDict, prefix: string, depth: number, module: string | null): void => {
    seen.add(items);
    for (const [key, item] of items.entries) {
      const name = prefix + String(key);
      const isLeaf = typeof item !== "object" || item === null || (item.kind !== "tensor" && dictsOf(item) === null);
      const isListed = module === null && values.length < mostValues && name.length <= limits.name;
      if (isLeaf && isListed) values.push(name);
      if (typeof item !== "object" || item === null) continue;
      if (name.length > limits.name)
        throw new FormatError(file.path, `a name in it has more than ${limits.name} characters`);
      if (item instanceof UnreadObject) unread.place(item.name, name);
      if (item.kind === "tensor") {
        if (tensors.has(name)) throw new FormatError(file.path, `it has \`${name}\` twice`);
        tensors.set(name, item);
        if ((module ?? prefix) !== "") dicts.set(name, module ?? prefix);
      } else if (depth < deepest) {
        const inside = module ?? (item instanceof PyDict ? null : `${name}.`);
        for (const each of dictsOf(item) ?? []) if (!seen.has(each)) visit(each, `${name}.`, depth + 1, inside);
      }
    }
  };
  for (const each of whole) visit(each, "", 0, value instanceof PyDict ? null : "");
  return { tensors, dicts, values };
}

/** The dicts in which the tensors of a value are: itself, what a type of dicts has, or a module's; null for what has none. */
function dictsOf(value: PickleValue): readonly PyDict[] | null {
  if (value instanceof PyDict) return [value];
  if (!(value instanceof UnreadObject)) return null;
  const state = value.state instanceof PyDict ? new Map(value.state.entries) : null;
  const ofModule = moduleDicts.flatMap((name) => {
    const dict = state?.get(name);
    return dict instanceof PyDict ? [dict] : [];
  });
  // An object is a module where it has all of these, whatever else it has.
  if (ofModule.length === moduleDicts.length) return ofModule;
  return value.hasItems ? [value.items] : null;
}

/** Where a `torch.nn.Module` keeps its own tensors, and the modules in it. */
const moduleDicts = ["_parameters", "_buffers", "_modules"];

function described(value: PickleValue & object): string {
  return value instanceof UnreadObject ? `an object of \`${value.name}\`, which was left unread` : `a ${value.kind}`;
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
