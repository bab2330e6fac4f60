import { at } from "../at.ts";
import { bytesOf, countOf, type StoredDtype } from "./elements.ts";
import { FormatError } from "./format-error.ts";
import { limits } from "./limits.ts";
import {
  type PickleTypes,
  type PickleValue,
  PyDict,
  type TorchStorage,
  type TorchTensor,
  UnreadObject,
} from "./pickle-values.ts";
import type { UnreadNames } from "./unread-names.ts";

/** The types of elements by PyTorch's names. */
const elementTypes: ReadonlyMap<string, StoredDtype> = new Map([
  ["float64", "F64"],
  ["float32", "F32"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
  ["float8_e4m3fn", "F8_E4M3"],
  ["float8_e5m2", "F8_E5M2"],
  ["int64", "I64"],
  ["int32", "I32"],
  ["int16", "I16"],
  ["int8", "I8"],
  ["uint64", "U64"],
  ["uint32", "U32"],
  ["uint16", "U16"],
  ["uint8", "U8"],
  ["bool", "BOOL"],
]);

/** The types of storages by their names in the module `torch`. */
const storageTypes: ReadonlyMap<string, StoredDtype> = new Map([
  ["DoubleStorage", "F64"],
  ["FloatStorage", "F32"],
  ["HalfStorage", "F16"],
  ["BFloat16Storage", "BF16"],
  ["LongStorage", "I64"],
  ["IntStorage", "I32"],
  ["ShortStorage", "I16"],
  ["CharStorage", "I8"],
  ["ByteStorage", "U8"],
  ["BoolStorage", "BOOL"],
]);

/** All other names that are known, each with what it makes of some values. Of every other name nothing is made but a placeholder. */
const makers: ReadonlyMap<string, (given: readonly PickleValue[], file: string) => PickleValue> = new Map([
  ["collections.OrderedDict", makeDict],
  // A dict that has a first value for each key, given by a function.
  ["collections.defaultdict", () => new PyDict()],
  ["torch.Size", () => ({ kind: "other" })],
  ["torch.device", () => ({ kind: "other" })],
  ["torch._utils._rebuild_tensor", makeTensor],
  ["torch._utils._rebuild_tensor_v2", makeTensor],
  ["torch._utils._rebuild_tensor_v3", makeTensor],
  ["torch._utils._rebuild_parameter", makeParameter],
  ["torch._utils._rebuild_parameter_with_state", makeParameter],
]);

/** Tensors that are not in rows, with what to do about them. */
const otherTensors: ReadonlyMap<string, readonly [what: string, help: string]> = new Map([
  ["torch._utils._rebuild_sparse_tensor", ["a sparse tensor", "make it dense with `to_dense()` before it is saved"]],
  [
    "torch._utils._rebuild_sparse_csr_tensor",
    ["a sparse tensor", "make it dense with `to_dense()` before it is saved"],
  ],
  ["torch._utils._rebuild_qtensor", ["a quantized tensor", "save `dequantize()` of it"]],
  ["torch._utils._rebuild_nested_tensor", ["a nested tensor", "save its tensors one by one"]],
  ["torch._utils._rebuild_meta_tensor_no_storage", ["a tensor without values", "save it from a device that has them"]],
]);

/** What to do about a file that has more than weights. */
const help = "save the weights alone, in the program that made the file: torch.save(model.state_dict(), FILE)";

/**
 * The names that a checkpoint of tensors needs: types of elements and of storages, dicts, and what puts a tensor together. What any
 * other name stands for, called or not, is a placeholder that has the name and does nothing; `unread` counts them.
 */
export function torchTypes(file: string, unread: UnreadNames): PickleTypes {
  return {
    help,
    named: (module, name) => {
      const whole = `${module}.${name}`;
      const other = otherTensors.get(whole);
      if (other !== undefined) throw new FormatError(file, `it has ${other[0]}`, other[1]);
      if (makers.has(whole)) return { kind: "type", name: whole, dtype: null };
      if (whole === "torch.storage.UntypedStorage") return { kind: "type", name: untyped, dtype: null };
      const storage = module === "torch" || module === "torch.cuda" ? storageTypes.get(name) : undefined;
      if (storage !== undefined) return { kind: "type", name: storageName, dtype: storage };
      const elements = module === "torch" ? elementTypes.get(name) : undefined;
      if (elements !== undefined) return { kind: "type", name: elementName, dtype: elements };
      if (module === "torch" && /(?:Complex|Q).*Storage$/.test(name)) throw ofElements(whole, file);
      unread.add(whole);
      return new UnreadObject(whole);
    },
    made: (type, given) => {
      if (type instanceof UnreadObject) return new UnreadObject(type.name);
      const make = typeof type === "object" && type?.kind === "type" ? makers.get(type.name) : undefined;
      if (make === undefined) throw notInOrder(file, "it calls a value that is not callable");
      return make(given, file);
    },
    persistent: (id) => storageOf(id, file),
  };
}

const untyped = "a type of storages without elements";
const storageName = "a type of storages";
const elementName = "a type of elements";

function ofElements(name: string, file: string): FormatError {
  return new FormatError(file, `it has elements of the type \`${name}\`, which is not read`);
}

function notInOrder(file: string, problem: string): FormatError {
  return new FormatError(file, `its pickle is malformed: ${problem}`);
}

/** An OrderedDict, empty or of a list of pairs. */
function makeDict([items, ...more]: readonly PickleValue[], file: string): PickleValue {
  const dict = new PyDict();
  if (items === undefined) return dict;
  if (typeof items !== "object" || items?.kind !== "list" || more.length > 0) {
    throw notInOrder(file, "an OrderedDict is not made from a list of pairs");
  }
  for (const pair of items.items) {
    const [key = null, value = null] = itemsOf(pair);
    dict.set(key, value);
  }
  return dict;
}

function itemsOf(value: PickleValue): readonly PickleValue[] {
  return typeof value === "object" && (value?.kind === "tuple" || value?.kind === "list") ? value.items : [];
}

/** `("storage", type, key, where it was, how many elements)` */
function storageOf(id: PickleValue, file: string): TorchStorage {
  const [what, type, key, , count] = itemsOf(id);
  const isType =
    typeof type === "object" && type?.kind === "type" && (type.name === storageName || type.name === untyped);
  if (what !== "storage" || !isType || typeof key !== "string" || !isCount(count)) {
    throw notInOrder(file, "a persistent id is not a storage");
  }
  return { kind: "storage", key, dtype: type.dtype, count };
}

/**
 * A tensor as PyTorch's functions put it together: `(storage, offset, shape, strides, ...)`, with the type of its elements
 * as the seventh in the third of them.
 */
function makeTensor(given: readonly PickleValue[], file: string): TorchTensor {
  const [storage, offset, shape, strides, , , type] = given;
  if (typeof storage !== "object" || storage?.kind !== "storage") throw notInOrder(file, "a tensor has no storage");
  const isTyped = typeof type === "object" && type?.kind === "type" && type.name === elementName;
  const dtype = storage.dtype ?? (isTyped ? type.dtype : null);
  if (dtype === null && type instanceof UnreadObject) throw ofElements(type.name, file);
  if (dtype === null) throw notInOrder(file, "a tensor has no type of elements");
  // What is set besides may say that the values are to be negated or conjugated.
  const besides = given.slice(isTyped ? 7 : 6);
  if (besides.some((value) => value !== null && !(value instanceof PyDict && value.size === 0))) {
    throw new FormatError(
      file,
      "it has a tensor whose values are negated or conjugated when they are read",
      "save `clone()` of it",
    );
  }
  const sizes = itemsOf(shape ?? null).filter(isCount);
  const steps = itemsOf(strides ?? null).filter(isCount);
  const isWhole = sizes.length === itemsOf(shape ?? null).length && steps.length === itemsOf(strides ?? null).length;
  if (!isCount(offset) || !isWhole || sizes.length !== steps.length || sizes.length > limits.axes) {
    throw notInOrder(file, "a tensor has no shape with strides of whole numbers");
  }
  return checkReach({ kind: "tensor", storage, dtype, offset, shape: sizes, strides: steps }, file);
}

function makeParameter([tensor]: readonly PickleValue[], file: string): PickleValue {
  if (typeof tensor === "object" && tensor?.kind === "tensor") return tensor;
  throw notInOrder(file, "a parameter has no tensor");
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Refuses a tensor that has elements outside of its storage, or more of them than its storage. */
function checkReach(tensor: TorchTensor, file: string): TorchTensor {
  const { storage, dtype, offset, shape } = tensor;
  const inStorage = storage.dtype === null ? Math.floor(storage.count / bytesOf(dtype)) : storage.count;
  if (!(offset + spanOf(tensor) <= inStorage)) {
    const found = `a tensor of the shape [${shape.join(", ")}] from element ${offset} on`;
    throw new FormatError(file, `${found} goes beyond storage \`${storage.key}\`, which has ${inStorage} elements`);
  }
  if (!(countOf(shape) <= inStorage)) {
    const found = `a tensor of the shape [${shape.join(", ")}]`;
    throw new FormatError(
      file,
      `${found} repeats the ${inStorage} elements of its storage`,
      "save `contiguous()` of it",
    );
  }
  return tensor;
}

/** From a tensor's first element to behind its last, in elements. */
export function spanOf({ shape, strides }: Pick<TorchTensor, "shape" | "strides">): number {
  if (shape.includes(0)) return 0;
  return 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * at(strides, axis), 0);
}
