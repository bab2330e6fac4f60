import type { StoredDtype } from "./elements.ts";

/** The types of elements to which numbers can be rounded. */
export type RoundedDtype = "F64" | "F32" | "F16" | "BF16" | "F8_E4M3" | "F8_E5M2";

const largest: Readonly<Record<RoundedDtype, number>> = {
  F64: Number.MAX_VALUE,
  F32: 3.4028234663852886e38,
  F16: 65_504,
  BF16: 3.3895313892515355e38,
  F8_E4M3: 448,
  F8_E5M2: 57_344,
};

export function isRoundedDtype(dtype: StoredDtype): dtype is RoundedDtype {
  return Object.hasOwn(largest, dtype);
}

/** The largest finite number of a type. */
export function largestOf(dtype: RoundedDtype): number {
  return largest[dtype];
}

interface SmallFloat {
  readonly bytes: 1 | 2;
  readonly fractionBits: number;
  /** The exponent of the smallest number with a leading one of its own. */
  readonly lowest: number;
  /** The code of the largest finite number, and of what is beyond it. */
  readonly last: number;
  readonly beyond: number;
  readonly notANumber: number;
  readonly sign: number;
}

const smallFloats: Readonly<Record<Exclude<RoundedDtype, "F64" | "F32">, SmallFloat>> = {
  F16: { bytes: 2, fractionBits: 10, lowest: -14, last: 0x7bff, beyond: 0x7c00, notANumber: 0x7e00, sign: 0x8000 },
  BF16: { bytes: 2, fractionBits: 7, lowest: -126, last: 0x7f7f, beyond: 0x7f80, notANumber: 0x7fc0, sign: 0x8000 },
  // Without infinities: PyTorch makes NaN of what is too large.
  F8_E4M3: { bytes: 1, fractionBits: 3, lowest: -6, last: 0x7e, beyond: 0x7f, notANumber: 0x7f, sign: 0x80 },
  F8_E5M2: { bytes: 1, fractionBits: 2, lowest: -14, last: 0x7b, beyond: 0x7c, notANumber: 0x7e, sign: 0x80 },
};

/** The bytes of numbers as elements of a type, each rounded once: to the nearest, of two equally near to the even one. */
export function rounded(dtype: RoundedDtype, values: Float32Array | Float64Array): Uint8Array {
  if (dtype === "F64") return bytesOf(values instanceof Float64Array ? values : Float64Array.from(values));
  if (dtype === "F32") return bytesOf(values instanceof Float32Array ? values : Float32Array.from(values));
  const type = smallFloats[dtype];
  const codes = type.bytes === 1 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  for (let index = 0; index < codes.length; index++) codes[index] = codeOf(values[index] ?? 0, type);
  return bytesOf(codes);
}

function bytesOf({
  buffer,
  byteOffset,
  byteLength,
}: Float32Array | Float64Array | Uint8Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const whole = new Float64Array(1);
const words = new Uint32Array(whole.buffer);

function codeOf(value: number, { fractionBits, lowest, last, beyond, notANumber, sign }: SmallFloat): number {
  if (Number.isNaN(value)) return notANumber;
  whole[0] = value;
  const high = words[1] ?? 0;
  const signBit = high >>> 31 === 0 ? 0 : sign;
  const exponent = Math.max(lowest, ((high >>> 20) & 0x7ff) - 1023);
  // Exact, as both are powers of two; of a number without a leading one of its own it is below 2^fractionBits.
  const steps = Math.abs(value) * 2 ** (fractionBits - exponent);
  const below = Math.floor(steps);
  const rest = steps - below;
  const nearest = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  // A carry goes on into the exponent.
  const code = (exponent - lowest) * 2 ** fractionBits + nearest;
  return signBit | (code > last || !Number.isFinite(value) ? beyond : code);
}
