import { describe, expect, test } from "vitest";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";

function file(header: unknown, data: Uint8Array = new Uint8Array(), text = JSON.stringify(header)): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + encoded.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  bytes.set(data, 8 + encoded.length);
  return bytes;
}

/** The first bytes of a file whose header has so many. */
function sized(length: number): Uint8Array {
  const bytes = new Uint8Array(length + 8).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  return bytes;
}

function manyTensors(count: number): string {
  const entries = Array.from(
    { length: count },
    (_, index) => `"${index}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}`,
  );
  return `{${entries.join()}}`;
}

function tensor(dtype: string, shape: readonly unknown[], from: number, to: number): unknown {
  return { dtype, shape, data_offsets: [from, to] };
}

test("whole numbers are written as 32-bit integers, in pieces, too", () => {
  const numbers = [0, -3, 70_000, 16_777_215];
  const pieces = () => [Float32Array.of(0, -3), Float32Array.of(70_000, 16_777_215)];
  const written = writeSafetensors(
    new Map([
      ["whole", { shape: [4], data: numbers, isWhole: true }],
      ["pieces", { shape: [2, 2], data: pieces, isWhole: true }],
    ]),
  );
  for (const stored of readSafetensors("test", written).values()) {
    expect(stored.dtype).toBe("I32");
    expect([...elementsOf(stored)]).toEqual(numbers);
  }
});

test("what is written reads the same, in order, scalars and empty tensors included", () => {
  const tensors = new Map([
    ["b", { shape: [2, 2], data: [1, 2.5, -3, 4] }],
    ["empty", { shape: [3, 0], data: [] }],
    ["a", { shape: [], data: [0.1] }],
  ]);
  const read = readSafetensors("test", writeSafetensors(tensors));
  expect([...read].map(([name, { shape }]) => [name, shape])).toEqual([
    ["b", [2, 2]],
    ["empty", [3, 0]],
    ["a", []],
  ]);
  expect([...read.values()].map((stored) => [...elementsOf(stored)])).toEqual([
    [1, 2.5, -3, 4],
    [],
    [Math.fround(0.1)],
  ]);
});

test("tensors start at a multiple of eight bytes, whatever their names are", () => {
  for (const name of ["a", "ab", "abc", "\u00e9", "\u65e5\u672c"]) {
    const bytes = writeSafetensors(new Map([[name, { shape: [1], data: [1] }]]));
    expect([bytes.length % 8, [...readSafetensors("test", bytes).keys()]]).toEqual([4, [name]]);
  }
});

test("every element type is read", () => {
  const bytes = Uint8Array.of(
    0x00,
    0x3c,
    0x80,
    0x3f,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    7,
    1,
    0x7e,
    0xfb,
    ...Array<number>(8).fill(0xff),
  );
  const read = readSafetensors(
    "test",
    file(
      {
        half: tensor("F16", [1], 0, 2),
        brain: tensor("BF16", [1], 2, 4),
        long: tensor("I64", [1], 4, 12),
        byte: tensor("U8", [1], 12, 13),
        flag: tensor("BOOL", [1], 13, 14),
        small: tensor("F8_E4M3", [1], 14, 15),
        wide: tensor("F8_E5M2", [1], 15, 16),
        unsigned: tensor("U64", [1], 16, 24),
      },
      bytes,
    ),
  );
  const values = [...read.values()].map((stored) => elementsOf(stored)[0]);
  expect(values).toEqual([1, 1, -1, 7, 1, 448, -57344, 2 ** 64]);
});

test("tensors may start anywhere, and keys of which the format says nothing are passed over", () => {
  const data = Uint8Array.of(7, ...new Uint8Array(Float32Array.of(2.5).buffer));
  const entry = { dtype: "F32", shape: [1], data_offsets: [1, 5], more: [{ a: null, b: [-1.5e3, true] }] };
  const read = readSafetensors(
    "test",
    file({ __metadata__: { format: "pt" }, a: tensor("U8", [1], 0, 1), b: entry }, data),
  );
  expect([...read.values()].map((stored) => [...elementsOf(stored)])).toEqual([[7], [2.5]]);
});

test("names that objects have of their own are names like any other", () => {
  const read = readSafetensors(
    "test",
    file(null, new Uint8Array(), '{"__proto__": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}'),
  );
  expect([...read.keys()]).toEqual(["__proto__"]);
});

test("what is quoted from a file in a message is cut", () => {
  const name = "a".repeat(2000);
  expect(() =>
    readSafetensors("weights.safetensors", file({ [name]: tensor("U8", [1], 1, 2) }, new Uint8Array(2))),
  ).toThrow(/^weights\.safetensors: `a{900,}\.\.\.$/);
});

describe("what does not keep to the format is refused with the file and the problem", () => {
  const four = new Uint8Array(4);
  test.each<[string, Uint8Array]>([
    ["an empty file", new Uint8Array()],
    ["a header past the end", file({}).with(0, 200)],
    ["a header of 2^63 bytes", file({}).with(7, 0x80)],
    ["fewer than eight bytes", file({}).subarray(0, 7)],
    ["a header of 0 bytes", new Uint8Array(8)],
    ["a header of 100 MB and a byte", sized(100_000_001)],
    ["a header of 100 MB of brackets", file(null, four, `{"a": ${"[".repeat(1e6)}`)],
    ["no JSON", file(null, four, "{")],
    ["something behind the header's end", file(null, new Uint8Array(), "{} x")],
    ["two headers", file(null, new Uint8Array(), "{}{}")],
    ["a byte order mark", file(null, new Uint8Array(), "\ufeff{}")],
    ["a comma before the end", file(null, new Uint8Array(), '{"__metadata__": {},}')],
    ["a string without an end", file(null, new Uint8Array(), '{"a')],
    ["a string with a wrong escape", file(null, new Uint8Array(), '{"\\x": 1}')],
    ["a string with a line end", file(null, new Uint8Array(), '{"a\n": 1}')],
    ["metadata that is no texts", file({ __metadata__: { a: 1 } })],
    ["metadata that is a list", file({ __metadata__: [] })],
    ["a dtype that is no text", file({ a: { dtype: 4, shape: [], data_offsets: [0, 4] } }, four)],
    ["a dtype that objects have of their own", file({ a: tensor("constructor", [4], 0, 4) }, four)],
    ["a shape that is no list", file({ a: { dtype: "U8", shape: "4", data_offsets: [0, 4] } }, four)],
    [
      "a whole number with an exponent",
      file(null, four, '{"a": {"dtype": "U8", "shape": [4e0], "data_offsets": [0, 4]}}'),
    ],
    ["a size with a zero before it", file(null, four, '{"a": {"dtype": "U8", "shape": [04], "data_offsets": [0, 4]}}')],
    ["a shape twice", file(null, four, '{"a": {"dtype": "U8", "shape": [9], "shape": [4], "data_offsets": [0, 4]}}')],
    ["more axes than any tensor has", file({ a: tensor("U8", Array<number>(65).fill(1), 0, 1) }, four.subarray(0, 1))],
    ["a name of 3,000 characters", file({ ["a".repeat(3000)]: tensor("U8", [4], 0, 4) }, four)],
    ["a string of 20 MB", file(null, new Uint8Array(), `{"__metadata__": {"a": "${"x".repeat(2e7)}"}}`)],
    ["more tensors than any file has", file(null, new Uint8Array(), manyTensors(140_000))],
    ["three offsets", file({ a: { dtype: "U8", shape: [4], data_offsets: [0, 4, 4] } }, four)],
    [
      "offsets beyond 2^53",
      file(null, four, '{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 9007199254740992]}}'),
    ],
    ["a first tensor that does not start at 0", file({ a: tensor("U8", [3], 1, 4) }, four)],
    ["a deep value of a key that nobody asks for", file(null, new Uint8Array(), `{"a": {"x": ${"[".repeat(200_000)}`)],
    ["bad UTF-8", file(null, four, '{"a"}').with(9, 0xff)],
    ["an array", file([])],
    [
      "a key twice",
      file(
        null,
        four,
        '{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "a": {"dtype": "U8", "shape": [0], "data_offsets": [4, 4]}}',
      ),
    ],
    [
      "a key twice, once with an escape",
      file(
        null,
        four,
        '{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "\\u0061": {"dtype": "U8", "shape": [0], "data_offsets": [4, 4]}}',
      ),
    ],
    ["a header that starts with a blank", file(null, new Uint8Array(), " {}")],
    ["a header nested 200,000 deep", file(null, new Uint8Array(), `${"[".repeat(200_000)}${"]".repeat(200_000)}`)],
    ["bytes left over", file({}, four)],
    ["a hole", file({ a: tensor("U8", [2], 0, 2), b: tensor("U8", [1], 3, 4) }, four)],
    ["an overlap", file({ a: tensor("U8", [3], 0, 3), b: tensor("U8", [2], 2, 4) }, four)],
    ["an end past the file", file({ a: tensor("F32", [2], 0, 8) }, four)],
    ["a size that the shape does not have", file({ a: tensor("F32", [2], 0, 4) }, four)],
    ["reversed offsets", file({ a: tensor("U8", [0], 4, 0) }, four)],
    ["a negative shape", file({ a: tensor("U8", [-4], 0, 4) }, four)],
    ["a fraction in a shape", file({ a: tensor("U8", [1.5], 0, 4) }, four)],
    ["a shape that overflows", file({ a: tensor("U8", [2 ** 53, 2 ** 53], 0, 4) }, four)],
    ["an unknown type", file({ a: tensor("F8", [4], 0, 4) }, four)],
    ["a missing key", file({ a: { dtype: "U8", shape: [4] } }, four)],
    ["a tensor that is no object", file({ a: 4 }, four)],
  ])("%s", (_, bytes) => {
    expect(() => readSafetensors("weights.safetensors", bytes)).toThrow(/^weights\.safetensors: /);
  });
});
