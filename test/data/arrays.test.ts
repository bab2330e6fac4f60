import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { readSlices } from "../../runtime/data/readers/read-slices.ts";
import { readVolumeHeader } from "../../runtime/data/readers/volume-header.ts";
import type { Voxels } from "../../runtime/data/readers/voxels.ts";
import { crc32 } from "../../runtime/files/index.ts";
import { ok } from "../../runtime/text/index.ts";
import { Random } from "../random.ts";
import { zipOf } from "../weights/torch-file.ts";
import { npyFile } from "./tar-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-arrays-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fixtures = "test/fixtures/arrays-small";
/** As make.py there has them. */
const voxels = Array.from({ length: 60 }, (_, index) => ((37 * index) % 2001) - 1000);

/** The values of a volume, slice after slice, or what is wrong with it. */
async function valuesIn(path: string): Promise<readonly number[] | string> {
  const values: number[] = [];
  const read = await readSlices(path, (header) => {
    expect(header).toMatchObject({ affine: null, slope: 1, intercept: 0, units: "stored" });
    const take = (slice: Voxels, z: number): void => {
      expect(slice).toHaveLength(header.sizes[0] * header.sizes[1]);
      expect(values).toHaveLength(z * slice.length);
      values.push(...Array.from(slice, Number));
    };
    return ok({ take, result: null });
  });
  return read.kind === "ok" ? values : read.problem.map(({ message }) => message).join("; ");
}

function written(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("arrays that NumPy wrote are read", () => {
  const little = ["i2", "i4", "i8", "f2", "f4"].map((type) => `little-${type}.npy`);
  const big = ["i2", "f2", "f8"].map((type) => `big-${type}.npy`);
  const halves = new Set(["little-f2.npy", "big-f2.npy"]);
  test.each(["compressed.npz", "plain.npz", "several.npz", "version-2.npy", ...little, ...big])("%s", async (name) => {
    const path = join(fixtures, name);
    // 16-bit floats hold whole numbers up to 2048.
    expect(await valuesIn(path)).toEqual(voxels);
    expect(await readVolumeHeader(path)).toMatchObject({ sizes: [5, 4, 3], affine: null });
    if (halves.has(name)) expect(await readVolumeHeader(path)).toMatchObject({ type: "float32" });
  });

  test("bytes", async () => {
    const bytes = voxels.map((value) => ((value % 256) + 256) % 256);
    expect(await valuesIn(join(fixtures, "bytes.npy"))).toEqual(bytes);
  });
});

describe("a file of arrays is refused in words for", () => {
  test.each([
    ["objects, which are pickled", "objects.npz", /^its values are Python objects, which would have to be unpickled$/],
    ["two volumes", "two.npz", /^2 of its arrays could be the volume: `before`, `after`$/],
    ["no volume", "none.npz", /^none of its arrays `labels`, `view` is a volume$/],
    ["no array", "empty.npz", /^it has no array$/],
    ["the first axis fastest", "fortran.npy", /^its first axis is the fastest, not its last$/],
    ["four axes", "four-axes.npy", /^a volume has 3 axes, .* and it has 4 \(1 x 3 x 4 x 5\)$/],
    ["complex numbers", "complex.npy", /^its values are of type '<c8', not numbers$/],
    ["named fields", "named.npy", /^its header `.*is not NumPy's$/],
    ["NaN", "nan.npy", /^5 of its 60 voxels are NaN or infinite$/],
  ])("%s", async (_, name, message) => {
    expect(await valuesIn(join(fixtures, name))).toMatch(message);
  });

  const header = (shape: string, type = "<i2"): string =>
    `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`;
  const bytesOf = (text: string): Buffer => npyFile([], [], text);
  test.each([
    [
      "voxels that are not there",
      bytesOf(header("(2, 2, 2)")),
      /^it has 128 bytes, but its 2 x 2 x 2 voxels need 144$/,
    ],
    ["more than its voxels", Buffer.concat([bytesOf(header("(1, 1, 1)")), Buffer.alloc(3)]), /^it has 131 bytes/],
    ["no voxels", bytesOf(header("(2, 0, 2)")), /^its 2 x 0 x 2 voxels are none$/],
    [
      "more voxels than memory",
      bytesOf(header("(4000, 4000, 4000)")),
      /^its 4000 x 4000 x 4000 voxels need 119\.2 GiB/,
    ],
    ["an axis of billions", bytesOf(header("(1, 1, 9999999999)")), /more than 4096 along an axis/],
    ["a header without end", npyFile([], [], header("(1, 1, 1)")).subarray(0, 60), /^its header has 118 bytes/],
    ["text", Buffer.from("VolumeName,Nodule\n"), /^it is not a NumPy file$/],
    ["nothing", Buffer.alloc(0), /^it is not a NumPy file$/],
    ["a zip archive that is cut off", readFileSync(join(fixtures, "plain.npz")).subarray(0, -9), /no end/],
  ])("%s", async (name, content, message) => {
    const path = written(`${name}.npz`, content);
    expect(await valuesIn(path)).toMatch(message);
    expect(await readVolumeHeader(path)).toBeNull();
  });

  test("a folder and a missing file", async () => {
    expect(await valuesIn(join(folder, "missing.npz"))).toBe("it does not exist");
    mkdirSync(join(folder, "folder.npz"));
    expect(await valuesIn(join(folder, "folder.npz"))).toBe("it is a folder");
  });

  test("a bomb, of which no more is unpacked than a slice", async () => {
    const array = Buffer.concat([bytesOf(header("(1, 1, 2)")), Buffer.alloc(64 * 2 ** 20)]);
    const packed = deflateRawSync(array);
    const listed = { size: 132, packed: packed.length };
    const path = written("bomb.npz", zipOf([{ name: "ct.npy", bytes: packed, method: 8, listed }]));
    const before = process.memoryUsage().arrayBuffers;
    expect(await valuesIn(path)).toBe("it continues past its 1 x 1 x 2 voxels");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
  });

  test("a method of compression that is not deflate", async () => {
    const bytes = npyFile([1, 1, 1], [0]);
    const path = written("method.npz", zipOf([{ name: "ct.npy", bytes, method: 12 }]));
    expect(await valuesIn(path)).toBe("its array `ct` is compressed by another method than numpy.savez_compressed's");
  });
});

test("no damaged archive gives other voxels than those that were written", async () => {
  const random = new Random(5);
  const outcomes = new Set<string>();
  for (let round = 0; round < 300; round++) {
    const name = random.pick(["compressed.npz", "plain.npz", "several.npz"]);
    const bytes = Buffer.from(readFileSync(join(fixtures, name)));
    for (let change = random.below(3); change >= 0; change--) bytes[random.below(bytes.length)] = random.below(256);
    const cut = random.below(4) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    const found = await valuesIn(written("mutant.npz", cut));
    if (typeof found === "string") outcomes.add(found.replace(/\d+/g, "N"));
    else expect(found).toEqual(voxels);
  }
  expect(outcomes.size).toBeGreaterThan(8);
});

test("the checksum is that of zlib, in parts too", () => {
  const bytes = Buffer.from("The quick brown fox jumps over the lazy dog");
  expect(crc32(bytes)).toBe(0x414fa339);
  expect(crc32(bytes.subarray(9), crc32(bytes.subarray(0, 9)))).toBe(0x414fa339);
});
