import { expect, test } from "vitest";
import { encodeFrame, type Frame, FrameReader, LinkError } from "../../runtime/backends/pytorch/frames.ts";
import { frameOf } from "./fake-worker.ts";

/** The frames in some bytes that come in pieces of a size. */
function read(bytes: Uint8Array, size = bytes.length): readonly Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => frames.push(frame));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return frames;
}

const stepped = {
  kind: "stepped",
  loss: 1.5,
  gradient_norm: "NaN",
  learning_rate: 1e-4,
  metrics: { top1: "-Infinity" },
};
const heads = [
  { name: "mean:a.weight", dtype: "f32", shape: [2, 1] },
  { name: "none", dtype: "f32", shape: [0, 7] },
  { name: "ids", dtype: "i32", shape: [] },
];

test.each([1, 3, 4, 5, 1000])(
  "frames are read from pieces of %i bytes, with their tensors and numbers that are none",
  (size) => {
    const values = frameOf({ kind: "values", tensors: heads }, [Float32Array.of(0.5, -2), Int32Array.of(-7)]);
    const bytes = Buffer.concat([frameOf({ ...stepped, tensors: [] }), values, frameOf({ kind: "done", tensors: [] })]);
    const [first, second, third, ...more] = read(bytes, size);
    expect(first?.message).toEqual({
      ...stepped,
      gradient_norm: Number.NaN,
      metrics: { top1: Number.NEGATIVE_INFINITY },
    });
    expect([...(second?.tensors ?? [])]).toEqual([
      ["mean:a.weight", { shape: [2, 1], data: Float32Array.of(0.5, -2) }],
      ["none", { shape: [0, 7], data: new Float32Array() }],
      ["ids", { shape: [], data: Int32Array.of(-7) }],
    ]);
    expect(third?.message).toEqual({ kind: "done" });
    expect(more).toEqual([]);
  },
);

test("what is written is a length, a header with the tensors' types and shapes, and their bytes as they are", () => {
  const ids = Int32Array.of(1, 2, 3).subarray(1);
  const bytes = Buffer.concat(
    encodeFrame(
      { kind: "rows" },
      new Map([
        ["ids", { shape: [2, 1], data: ids }],
        ["x", { shape: [1], data: Float32Array.of(0.5) }],
      ]),
    ),
  );
  const header = {
    kind: "rows",
    tensors: [
      { name: "ids", dtype: "i32", shape: [2, 1] },
      { name: "x", dtype: "f32", shape: [1] },
    ],
  };
  expect(bytes.equals(frameOf(header, [Int32Array.of(2, 3), Float32Array.of(0.5)]))).toBe(true);
});

const length = (bytes: number): Uint8Array => {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(bytes);
  return four;
};
const tensor = (shape: readonly unknown[], dtype = "f32"): unknown => ({
  kind: "values",
  tensors: [{ name: "a", dtype, shape }],
});

test.each([
  ["a header of no bytes", length(0)],
  ["a header of more than 64 MiB", length(2 ** 26 + 1)],
  ["a length of 4 GiB", length(2 ** 32 - 1)],
  ["no JSON", frameOf("hello")],
  ["JSON that is nested 10,000 deep", frameOf("[".repeat(10_000) + "]".repeat(10_000))],
  ["bytes that are not UTF-8", Buffer.concat([length(2), Uint8Array.of(0xff, 0xfe)])],
  ["a list", frameOf([])],
  ["a kind that no worker says", frameOf({ kind: "open", tensors: [] })],
  ["the same key twice", frameOf('{"kind":"done","kind":"values","tensors":[]}')],
  ["no tensors", frameOf({ kind: "done" })],
  ["a rank that is no number", frameOf({ ...stepped, kind: "hello", rank: "0", tensors: [] })],
  ["rows from before the first", frameOf({ kind: "rows", step: 0, from: -1, count: 1, tensors: [] })],
  ["a loss that is a text", frameOf({ ...stepped, loss: "1", tensors: [] })],
  ["a type that is not sent", frameOf(tensor([1], "f64"))],
  ["a negative size", frameOf(tensor([-1]))],
  ["half a row", frameOf(tensor([0.5]))],
  ["an endless size", frameOf(tensor([2 ** 40]))],
  ["sizes whose product is endless", frameOf(tensor([2 ** 52, 2 ** 52, 2 ** 52]))],
  ["more axes than any tensor has", frameOf(tensor(Array.from({ length: 1000 }, () => 1)))],
  ["a tensor twice", frameOf({ kind: "values", tensors: [heads[1], heads[1]] })],
])("a link with %s is refused", (_, bytes) => {
  expect(() => read(bytes)).toThrow(LinkError);
});
