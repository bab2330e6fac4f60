import type { StoredDtype } from "./elements.ts";

/** What a pickle holds, as data. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | { readonly kind: "tuple"; readonly items: readonly PickleValue[] }
  | { readonly kind: "list"; readonly items: PickleValue[] }
  | PyDict
  | TorchType
  | TorchStorage
  | TorchTensor
  | UnreadObject
  /** A value that is not looked into. */
  | { readonly kind: "other" };

/** A type, or a function that makes values, that the reader knows by its name. */
export interface TorchType {
  readonly kind: "type";
  /** The name with its module. */
  readonly name: string;
  /** The elements, for a type of storages and for a type of elements. */
  readonly dtype: StoredDtype | null;
}

/** The memory of one or several tensors: an entry of the archive. */
export interface TorchStorage {
  readonly kind: "storage";
  readonly key: string;
  /** Null where only its bytes are known. */
  readonly dtype: StoredDtype | null;
  /** Elements, or bytes where the dtype is not known. */
  readonly count: number;
}

/** A view of a storage. Its places count in elements. */
export interface TorchTensor {
  readonly kind: "tensor";
  readonly storage: TorchStorage;
  readonly dtype: StoredDtype;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A dict of Python; of its items only those whose keys are texts or numbers are kept. */
export class PyDict {
  readonly kind = "dict";
  // Made when there is something to keep, since a hostile pickle has a million empty ones.
  private items: Map<string | number, PickleValue> | null = null;

  set(key: PickleValue, value: PickleValue): void {
    if (typeof key !== "string" && typeof key !== "number") return;
    this.items ??= new Map();
    this.items.set(key, value);
  }

  get entries(): Iterable<readonly [string | number, PickleValue]> {
    return this.items ?? [];
  }

  get size(): number {
    return this.items?.size ?? 0;
  }
}

/**
 * A type or a function that the reader does not know, or what one would make: its name, and nothing that ran. What a pickle puts into it
 * as items is kept, since types of dicts are stored like that.
 */
export class UnreadObject {
  readonly kind = "unread";
  readonly name: string;
  /** Attributes, as an object's `__dict__` has them; only a module's are looked into. */
  state: PickleValue = null;
  private dict: PyDict | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get items(): PyDict {
    this.dict ??= new PyDict();
    return this.dict;
  }

  get hasItems(): boolean {
    return this.dict !== null && this.dict.size > 0;
  }
}

/** What the names in a pickle stand for. Each function refuses with a FormatError what is not in order. */
export interface PickleTypes {
  readonly named: (module: string, name: string) => PickleValue;
  /** What a type makes of some values. */
  readonly made: (type: PickleValue, given: readonly PickleValue[]) => PickleValue;
  /** What stands outside of the pickle. */
  readonly persistent: (id: PickleValue) => PickleValue;
  /** What to do about a pickle that has more than weights. */
  readonly help: string;
}
