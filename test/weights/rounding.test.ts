import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { halfBits } from "../../compiler/index.ts";
import { bytesOf, decode, largestOf, type RoundedDtype, rounded } from "../../runtime/weights/index.ts";

const small: readonly RoundedDtype[] = ["F16", "BF16", "F8_E4M3", "F8_E5M2"];

function codesOf(dtype: RoundedDtype, values: readonly number[]): readonly number[] {
  const bytes = rounded(dtype, Float64Array.from(values));
  return [...(bytesOf(dtype) === 1 ? bytes : new Uint16Array(bytes.buffer, bytes.byteOffset, values.length))];
}

/** All numbers of a type by their codes. */
function numbersOf(dtype: RoundedDtype): Float64Array {
  const codes = Array.from({ length: 2 ** (8 * bytesOf(dtype)) }, (_, code) => code);
  const bytes = bytesOf(dtype) === 1 ? Uint8Array.from(codes) : new Uint8Array(Uint16Array.from(codes).buffer);
  const values = new Float64Array(codes.length);
  decode(dtype, bytes, values);
  return values;
}

describe.each(small)("rounding to %s", (dtype) => {
  const numbers = numbersOf(dtype);
  const finite = [...new Set([...numbers].filter(Number.isFinite))].sort((a, b) => a - b);

  test("leaves each number of the type as it is", () => {
    const codes = codesOf(dtype, [...numbers]);
    expect(codes.filter((code, place) => !Number.isNaN(numbers[place]) && code !== place)).toEqual([]);
  });

  test("gives the nearer of two numbers, and between them the even one", () => {
    const wrong: number[] = [];
    for (const [place, below] of finite.slice(0, -1).entries()) {
      const above = finite[place + 1] ?? 0;
      const middle = (below + above) / 2;
      const step = (above - below) / 1024;
      const [lower = 0, upper = 0, even = 1] = codesOf(dtype, [middle - step, middle + step, middle]);
      const isOneOfBoth = numbers[even] === below || numbers[even] === above;
      if (numbers[lower] !== below || numbers[upper] !== above || even % 2 === 1 || !isOneOfBoth) wrong.push(middle);
    }
    expect(wrong).toEqual([]);
  });

  test("keeps NaN, signs and what is just below the end, and makes what is beyond it no number of its own", () => {
    const [largest] = finite.slice(-1);
    expect(largest).toBe(largestOf(dtype));
    const codes = codesOf(dtype, [Number.NaN, -0, 1e300, Number.NEGATIVE_INFINITY, (largest ?? 0) * (1 + 2 ** -12)]);
    const [nan = 0, zero = 0, large = 0, infinite = 0, just = 0] = codes.map((code) => numbers[code] ?? 0);
    expect(nan).toBeNaN();
    expect(Object.is(zero, -0)).toBe(true);
    expect(Number.isFinite(large) || Number.isFinite(infinite)).toBe(false);
    expect(just).toBe(largest);
  });
});

test("rounding once is not rounding by way of 32 bits", () => {
  // Just above the middle of 1 and the next 16-bit float, by less than 32 bits can say.
  const value = 1 + 2 ** -11 + 2 ** -30;
  expect(codesOf("F16", [value, Math.fround(value)])).toEqual([0x3c01, 0x3c00]);
});

test("of 32-bit floats it is what ONNX models have", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      expect(codesOf("F16", [value])).toEqual([halfBits(value)]);
    }),
    { numRuns: 2000 },
  );
});
