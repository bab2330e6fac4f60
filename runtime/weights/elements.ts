/** The types of elements that are read, by their names in safetensors files. */
export type StoredDtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

/** A tensor whose elements are in memory, in the file's own order of bytes: the lowest first. */
export interface StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

type Numbers = Float32Array | Float64Array;

interface Layout {
  readonly bytes: number;
  /** Puts so many elements, which start at a multiple of their size, into an array. */
  readonly decode: (buffer: ArrayBufferLike, at: number, into: Numbers) => void;
}

const layouts: Readonly<Record<StoredDtype, Layout>> = {
  F64: { bytes: 8, decode: (buffer, at, into) => into.set(new Float64Array(buffer, at, into.length)) },
  F32: { bytes: 4, decode: (buffer, at, into) => into.set(new Float32Array(buffer, at, into.length)) },
  F16: {
    bytes: 2,
    decode: (buffer, at, into) => lookUp(new Uint16Array(buffer, at, into.length), halfValues(), into),
  },
  BF16: {
    bytes: 2,
    decode: (buffer, at, into) => lookUp(new Uint16Array(buffer, at, into.length), brainValues(), into),
  },
  F8_E4M3: {
    bytes: 1,
    decode: (buffer, at, into) => lookUp(new Uint8Array(buffer, at, into.length), e4m3Values(), into),
  },
  F8_E5M2: {
    bytes: 1,
    decode: (buffer, at, into) => lookUp(new Uint8Array(buffer, at, into.length), e5m2Values(), into),
  },
  I64: { bytes: 8, decode: (buffer, at, into) => convert(new BigInt64Array(buffer, at, into.length), into) },
  I32: { bytes: 4, decode: (buffer, at, into) => into.set(new Int32Array(buffer, at, into.length)) },
  I16: { bytes: 2, decode: (buffer, at, into) => into.set(new Int16Array(buffer, at, into.length)) },
  I8: { bytes: 1, decode: (buffer, at, into) => into.set(new Int8Array(buffer, at, into.length)) },
  U64: { bytes: 8, decode: (buffer, at, into) => convert(new BigUint64Array(buffer, at, into.length), into) },
  U32: { bytes: 4, decode: (buffer, at, into) => into.set(new Uint32Array(buffer, at, into.length)) },
  U16: { bytes: 2, decode: (buffer, at, into) => into.set(new Uint16Array(buffer, at, into.length)) },
  U8: { bytes: 1, decode: (buffer, at, into) => into.set(new Uint8Array(buffer, at, into.length)) },
  BOOL: {
    bytes: 1,
    decode: (buffer, at, into) => lookUp(new Uint8Array(buffer, at, into.length), truthValues(), into),
  },
};

/** Whether a file's name of a type is one of those that are read. */
export function isStoredDtype(name: string): name is StoredDtype {
  return Object.hasOwn(layouts, name);
}

/** Bytes of one element. */
export function bytesOf(dtype: StoredDtype): number {
  return layouts[dtype].bytes;
}

/** How many elements a tensor of a shape has. */
export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The elements of a stored tensor as numbers. */
export function elementsOf({ dtype, shape, bytes }: StoredTensor): Float64Array {
  const values = new Float64Array(countOf(shape));
  decode(dtype, bytes, values);
  return values;
}

/** Converts as many elements as an array takes. */
export function decode(dtype: StoredDtype, bytes: Uint8Array, into: Numbers): void {
  const { bytes: size, decode: decodeAligned } = layouts[dtype];
  if (bytes.length < size * into.length) throw new Error(`${bytes.length} bytes are no ${into.length} elements`);
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  decodeAligned(aligned.buffer, aligned.byteOffset, into);
}

function lookUp(codes: Uint16Array | Uint8Array, values: Float32Array, into: Numbers): void {
  for (let index = 0; index < codes.length; index++) into[index] = values[codes[index] ?? 0] ?? 0;
}

function convert(whole: BigInt64Array | BigUint64Array, into: Numbers): void {
  for (let index = 0; index < whole.length; index++) into[index] = Number(whole[index]);
}

const halfValues = tableOf(2 ** 16, halfToNumber);
const brainValues = tableOf(2 ** 16, brainToNumber);
const e4m3Values = tableOf(2 ** 8, e4m3ToNumber);
// It is the upper half of a 16-bit float.
const e5m2Values = tableOf(2 ** 8, (bits) => halfToNumber(bits << 8));
const truthValues = tableOf(2 ** 8, (bits) => (bits === 0 ? 0 : 1));

/** The values of all codes, computed when they are first asked for. */
function tableOf(codes: number, value: (code: number) => number): () => Float32Array {
  let table: Float32Array | null = null;
  return () => {
    table ??= Float32Array.from({ length: codes }, (_, code) => value(code));
    return table;
  };
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16: the upper half of a 32-bit float. */
function brainToNumber(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

/** FP8 E4M3 without infinities (arXiv 2209.05433): a sign, four bits of exponent, three of fraction. */
function e4m3ToNumber(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 0xf;
  const fraction = bits & 0x7;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -9;
  return sign * (1 + fraction / 8) * 2 ** (exponent - 7);
}
