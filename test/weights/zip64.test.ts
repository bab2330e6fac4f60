import { describe, expect, test } from "vitest";
import { openBytes, problemOf } from "./opened.ts";
import { dictOf, floatBytes, tensorOf, utf8, zipOf } from "./torch-file.ts";

const files = [
  { name: "archive/data.pkl", bytes: dictOf(tensorOf("0", 2, 0, [2], [1])) },
  { name: "archive/data/0", bytes: floatBytes(1, 2) },
];

function numbers(...parts: readonly (readonly [value: number, bytes: 2 | 4 | 8])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(parts.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of parts) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

const all = 0xffffffff;

interface Shape {
  /** The extra field of an entry, of its size and of where it starts. */
  readonly extra?: (size: number, local: number) => Uint8Array;
  /** What the end of the directory says instead. */
  readonly end64?: { readonly signature?: number; readonly length?: number };
  readonly locator?: number;
  readonly listing?: Uint8Array;
}

/** An archive as it is written beyond 4 GiB: what does not fit 32 bits stands in extra fields and in an end of its own. */
function zip64Of({ extra = wide, end64 = {}, locator = 0, listing = new Uint8Array() }: Shape = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const named = utf8(name);
    const local = numbers(
      [0x04034b50, 4],
      [45, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [0, 4],
      [all, 4],
      [all, 4],
      [named.length, 2],
      [4, 2],
    );
    // The local extra field is passed over.
    const written = Buffer.concat([local, named, numbers([7, 2], [0, 2]), bytes]);
    const field = extra(bytes.length, at);
    directory.push(
      numbers([0x02014b50, 4], [45, 2], [45, 2], [0, 2], [0, 2], [0, 4], [0, 4], [all, 4], [all, 4]),
      numbers([named.length, 2], [field.length, 2], [0, 2], [0, 2], [0, 2], [0, 4], [all, 4]),
      named,
      field,
    );
    parts.push(written);
    at += written.length;
  }
  const listed = Buffer.concat([...directory, listing]);
  const { signature = 0x06064b50, length = 44 } = end64;
  const count = files.length;
  return Uint8Array.from(
    Buffer.concat([
      ...parts,
      listed,
      numbers(
        [signature, 4],
        [length, 8],
        [45, 2],
        [45, 2],
        [0, 4],
        [0, 4],
        [count, 8],
        [count, 8],
        [listed.length, 8],
        [at, 8],
      ),
      numbers([0x07064b50, 4], [0, 4], [at + listed.length + locator, 8], [1, 4]),
      numbers([0x06054b50, 4], [0, 2], [0, 2], [0xffff, 2], [0xffff, 2], [all, 4], [all, 4], [0, 2]),
    ]),
  );
}

function wide(size: number, local: number): Uint8Array {
  return numbers([1, 2], [24, 2], [size, 8], [size, 8], [local, 8]);
}

describe("an archive with numbers of 64 bits", () => {
  test("is read, whatever other fields stand before them", () => {
    const behindOthers = (size: number, local: number): Uint8Array =>
      Uint8Array.from(Buffer.concat([numbers([0x5455, 2], [5, 2]), utf8("times"), wide(size, local)]));
    for (const extra of [wide, behindOthers]) {
      const opened = openBytes(zip64Of({ extra }));
      expect(opened.kind === "tensors" && opened.tensors.get("weight")?.values).toEqual([1, 2]);
    }
  });

  test.each<[string, Shape, string]>([
    ["without its fields", { extra: () => new Uint8Array() }, "is beyond its end"],
    ["with fields of another kind", { extra: (size, local) => wide(size, local).with(0, 2) }, "is beyond its end"],
    ["with a field that is cut off", { extra: (size) => numbers([1, 2], [24, 2], [size, 8]) }, "has two sizes"],
    [
      "with one size and no place",
      { extra: (size) => numbers([1, 2], [16, 2], [size, 8], [size, 8]) },
      "is beyond its end",
    ],
    [
      "with two sizes",
      { extra: (size, local) => numbers([1, 2], [24, 2], [size, 8], [size + 1, 8], [local, 8]) },
      "has two sizes",
    ],
    ["with another end", { end64: { signature: 0x06064b51 } }, "the end of its zip archive is malformed"],
    ["with a longer end", { end64: { length: 45 } }, "the end of its zip archive is malformed"],
    ["with an end elsewhere", { locator: 1 }, "the end of its zip archive is not where it says"],
    ["with an end beyond its end", { locator: 2 ** 40 }, "the end of its zip archive is not where it says"],
    ["with more in its directory", { listing: new Uint8Array(3) }, "its directory is longer than its entries"],
  ])("%s is refused", (_, shape, problem) => {
    expect(problemOf(zip64Of(shape))).toContain(problem);
  });
});

describe("an archive", () => {
  const good = zipOf(files);
  const end = good.length - 22;

  test("that is one of several parts is refused", () => {
    for (const place of [4, 6])
      expect(problemOf(good.with(end + place, 1))).toContain("its zip archive is in several parts");
  });

  test("that lists fewer files than its directory has is refused", () => {
    expect(problemOf(good.with(end + 10, 1))).toContain("its directory is longer than its entries");
  });

  test("whose directory is no directory is refused", () => {
    const start = new DataView(good.buffer).getUint32(end + 16, true);
    expect(problemOf(good.with(start, 0))).toContain("its directory is malformed");
  });

  test("with a file whose own header is another's is refused", () => {
    expect(problemOf(good.with(0, 0x51))).not.toBe("");
    expect(problemOf(good.with(8, 8))).toContain("`archive/data.pkl` in it is not where its directory says");
  });
});
