import { describe, expect, test } from "vitest";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";

function file(header: unknown, data: Uint8Array = new Uint8Array(), text = JSON.stringify(header)): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + encoded.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encoded.length), true);
  bytes.set(encoded, 8);
  bytes.set(data, 8 + encoded.length);
  return bytes;
}

function tensor(dtype: string, shape: readonly unknown[], from: number, to: number): unknown {
  return { dtype, shape, data_offsets: [from, to] };
}

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
  const bytes = Uint8Array.of(0x00, 0x3c, 0x80, 0x3f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 7, 1);
  const read = readSafetensors(
    "test",
    file(
      {
        half: tensor("F16", [1], 0, 2),
        brain: tensor("BF16", [1], 2, 4),
        long: tensor("I64", [1], 4, 12),
        byte: tensor("U8", [1], 12, 13),
        flag: tensor("BOOL", [1], 13, 14),
      },
      bytes,
    ),
  );
  expect([...read.values()].map((stored) => elementsOf(stored)[0])).toEqual([1, 1, -1, 7, 1]);
});

test("names that objects have of their own are names like any other", () => {
  const read = readSafetensors(
    "test",
    file(null, new Uint8Array(), '{"__proto__": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}'),
  );
  expect([...read.keys()]).toEqual(["__proto__"]);
});

describe("what does not keep to the format is refused with the file and the problem", () => {
  const four = new Uint8Array(4);
  test.each<[string, Uint8Array]>([
    ["an empty file", new Uint8Array()],
    ["a header past the end", file({}).with(0, 200)],
    ["a header of 2^63 bytes", file({}).with(7, 0x80)],
    ["no JSON", file(null, four, "{")],
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

test("5,000 mutants of a file are read, or refused in words", () => {
  const good = writeSafetensors(
    new Map([
      ["weight", { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
      ["bias", { shape: [2], data: [7, 8] }],
    ]),
  );
  const random = new Random(9);
  let refused = 0;
  for (let index = 0; index < 5000; index++) {
    let bytes = Uint8Array.from(good);
    for (let edit = 0; edit <= random.below(3); edit++) {
      const at = random.below(bytes.length);
      if (random.below(4) === 0) bytes = bytes.slice(0, at);
      else bytes[at] = random.below(256);
      if (bytes.length === 0) break;
    }
    try {
      for (const stored of readSafetensors("mutant", bytes).values()) {
        expect(elementsOf(stored).length).toBeLessThanOrEqual(bytes.length);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toMatch(/^FormatError: mutant: /);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(2500);
});
