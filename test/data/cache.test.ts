import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import {
  type CacheSettings,
  cacheKey,
  fileState,
  isSettled,
  prepareCache,
  readEntry,
  writeEntry,
} from "../../runtime/data/cache.ts";
import { loadVolume } from "../../runtime/data/load-volume.ts";
import { type PackedVolume, unpack, type VolumeSettings } from "../../runtime/data/transforms/index.ts";
import type { VolumeResult } from "../../runtime/data/volume-messages.ts";
import { Random } from "../random.ts";
import { gzipped } from "./nifti-file.ts";

const root = mkdtempSync(join(tmpdir(), "medctc-cache-"));
afterAll(() => rmSync(root, { recursive: true }));

const folder = join(root, "volumes");
const cache: CacheSettings = { folder, bytes: 10_000 };
const settings: VolumeSettings = {
  ...defaultVolume,
  spacing: [1, 1, 1],
  size: [4, 5, 6],
  window: [-10, 10],
  storage: "i16",
};
const metadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };
const prepare = { kind: "volume", settings: { ...settings, storage: "f32" } } as const;
const request = { path: join(root, "volume.nii.gz"), metadata, prepare } as const;
const key = (digit: string): string => digit.repeat(64);
const entryOf = (digit: string): string => join(folder, `${key(digit)}.volume`);

const packed: PackedVolume = {
  before: [0, 1, 0],
  counts: [4, 3, 6],
  size: [4, 5, 6],
  voxels: Int16Array.from({ length: 72 }, (_, index) => 100 * index - 3000),
};
/** An entry of `packed`: two hashes, eight numbers and 72 steps. */
const entryBytes = 2 * 32 + 4 * 8 + 2 * 72;

/** All places in an array of some sizes, the last fastest. */
function places(sizes: readonly [number, number, number, number]): readonly (readonly number[])[] {
  return sizes.reduce<readonly (readonly number[])[]>(
    (all, count) => all.flatMap((place) => Array.from({ length: count }, (_, index) => [...place, index])),
    [[]],
  );
}

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  prepareCache(cache);
});

/** When the file was changed is long ago for the cache. */
async function settled(bytes: Uint8Array): Promise<void> {
  writeFileSync(request.path, bytes);
  for (let state = fileState(request.path); state !== null && !isSettled(state); ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function voxelsOf(result: VolumeResult): readonly number[] {
  if (result.kind === "failed") throw new Error(result.problem.message);
  return [...result.value.voxels];
}

describe("an entry", () => {
  test("reads as it was written", () => {
    writeEntry(cache, key("a"), packed);
    expect(readEntry(folder, key("a"), settings)).toEqual(packed);
    expect(statSync(entryOf("a")).size).toBe(entryBytes);
    expect(readEntry(folder, key("b"), settings)).toBeNull();
  });

  test("with a flipped bit is found and removed, wherever the bit is", () => {
    writeEntry(cache, key("a"), packed);
    const sound = readFileSync(entryOf("a"));
    const random = new Random(3);
    for (let round = 0; round < 1000; round++) {
      const bytes = Buffer.from(sound);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(entryOf("a"), bytes);
      expect(readEntry(folder, key("a"), settings), `byte ${at}`).toBeNull();
      expect(existsSync(entryOf("a"))).toBe(false);
    }
  });

  test("that was read before is found damaged all the same", () => {
    writeEntry(cache, key("a"), packed);
    expect(readEntry(folder, key("a"), settings)).toEqual(packed);
    expect(readEntry(folder, key("a"), settings)).toEqual(packed);
    const bytes = readFileSync(entryOf("a"));
    bytes[entryBytes - 1] = (bytes[entryBytes - 1] ?? 0) ^ 1;
    writeFileSync(entryOf("a"), bytes);
    expect(readEntry(folder, key("a"), settings)).toBeNull();
    expect(existsSync(entryOf("a"))).toBe(false);
  });

  test("lies in memory where TensorFlow takes it without a copy, and so do steps as floats", () => {
    const wide: VolumeSettings = { ...settings, storage: "f32" };
    const size = [4, 5, 6] as const;
    writeEntry(cache, key("a"), { before: [0, 0, 0], counts: size, size, voxels: new Float32Array(120).fill(0.5) });
    const read = readEntry(folder, key("a"), wide);
    if (read === null) throw new Error("the entry is there");
    expect((read.voxels.byteOffset + 16) % 64).toBe(0);
    expect(unpack(read, wide)).toBe(read.voxels);
    const padded = unpack(packed, settings);
    expect((padded.byteOffset + 16) % 64).toBe(0);
  });

  test("of floats has none of their padding, which reads as it was, whatever the memory held before", () => {
    const [size, counts, before] = [[5, 7, 9] as const, [3, 2, 4] as const, [1, 4, 3] as const];
    const wide: VolumeSettings = { ...settings, storage: "f32", size, pad: -3, otherWindows: [[0, 1]] };
    const voxels = new Float32Array(2 * 5 * 7 * 9).fill(-3);
    const within: number[] = [];
    for (const [channel = 0, z = 0, y = 0, x = 0] of places([2, ...counts])) {
      const place = (channel * 5 + z + before[0]) * 7 + y + before[1];
      voxels[place * 9 + x + before[2]] = within.push(within.length) - 1;
    }
    writeEntry(cache, key("a"), { before, counts, size, voxels });
    const stored = readFileSync(entryOf("a")).subarray(2 * 32 + 4 * 8);
    expect([...new Float32Array(Uint8Array.from(stored).buffer)]).toEqual(within);
    const memory = new ArrayBuffer(48 + 4 * voxels.length);
    new Uint8Array(memory).fill(255);
    // Once while its hash is looked at, and once when that is known to be right.
    for (const used of [memory, memory, null]) {
      const read = readEntry(folder, key("a"), wide, used);
      expect(read).toEqual({ before, counts, size, voxels });
      expect(read?.voxels.buffer === memory).toBe(used !== null);
    }
    expect(readEntry(folder, key("a"), wide, new ArrayBuffer(9999))?.voxels).toEqual(voxels);
  });

  test("that is cut off, empty, or another's is found and removed", () => {
    writeEntry(cache, key("a"), packed);
    const sound = readFileSync(entryOf("a"));
    for (const bytes of [
      Buffer.alloc(0),
      sound.subarray(0, 50),
      sound.subarray(0, -1),
      Buffer.concat([sound, sound]),
    ]) {
      writeFileSync(entryOf("a"), bytes);
      expect(readEntry(folder, key("a"), settings)).toBeNull();
      expect(existsSync(entryOf("a"))).toBe(false);
    }
    writeFileSync(entryOf("b"), sound);
    expect(readEntry(folder, key("b"), settings)).toBeNull();
    expect(existsSync(entryOf("b"))).toBe(false);
  });
});

describe("the folder", () => {
  const used = (digit: string, seconds: number): void => utimesSync(entryOf(digit), seconds, seconds);
  const kept = (): readonly string[] =>
    readdirSync(folder)
      .map((name) => name.slice(0, 1))
      .toSorted();

  test("keeps to its limit, and what was used longest ago goes first", () => {
    const narrow = { folder, bytes: 3 * entryBytes };
    for (const digit of ["a", "b", "c"]) writeEntry(narrow, key(digit), packed);
    used("a", 1000);
    used("b", 2000);
    used("c", 3000);
    readEntry(folder, key("a"), settings);
    writeEntry(narrow, key("d"), packed);
    expect(kept()).toEqual(["a", "c", "d"]);
    prepareCache({ folder, bytes: 2 * entryBytes });
    expect(kept()).toEqual(["a", "d"]);
  });

  test("takes no entry that is larger than its limit, and loses none for it", () => {
    writeEntry({ folder, bytes: entryBytes }, key("a"), packed);
    writeEntry({ folder, bytes: entryBytes - 1 }, key("b"), packed);
    expect(kept()).toEqual(["a"]);
  });

  test("is rid of what a killed run left half-written, and of nothing else", () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    const left = `.${key("a")}.volume.${gone}.tmp`;
    const growing = `.${key("b")}.volume.${process.pid}.tmp`;
    const old = `.${key("c")}.volume.${process.pid}.tmp`;
    for (const name of [left, growing, old, "notes.txt", ".hidden.tmp"])
      writeFileSync(join(folder, name), "x".repeat(20_000));
    utimesSync(join(folder, old), 1000, 1000);
    mkdirSync(join(folder, "pictures"));
    prepareCache({ folder, bytes: 0 });
    expect(readdirSync(folder).toSorted()).toEqual([growing, ".hidden.tmp", "notes.txt", "pictures"].toSorted());
  });
});

test("an entry that another thread of the process is writing too is not disturbed", () => {
  const other = join(folder, `.${key("a")}.volume.${process.pid}-999.tmp`);
  writeFileSync(other, "half");
  writeEntry(cache, key("a"), packed);
  expect(readEntry(folder, key("a"), settings)).toEqual(packed);
  expect(readFileSync(other, "utf8")).toBe("half");
});

test("processes that write the same entries at once leave sound ones", async () => {
  const script = join(root, "writer.mjs");
  await build({
    stdin: {
      contents: `
        import { writeEntry } from ${JSON.stringify(resolve("runtime/data/cache.ts"))};
        const { packed, cache } = ${JSON.stringify({ packed: { ...packed, voxels: [...packed.voxels] }, cache })};
        const volume = { ...packed, voxels: Int16Array.from(packed.voxels) };
        for (let round = 0; round < 50; round++) writeEntry(cache, "abcd"[round % 4].repeat(64), volume);
      `,
      resolveDir: process.cwd(),
    },
    ...{ outfile: script, bundle: true, format: "esm", platform: "node" },
    banner: { js: 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);' },
  });
  const writers = Array.from({ length: 3 }, () => spawn(process.execPath, [script]));
  const codes = await Promise.all(writers.map((writer) => new Promise((done) => writer.on("exit", done))));
  expect(codes).toEqual([0, 0, 0]);
  for (const digit of ["a", "b", "c", "d"]) expect(readEntry(folder, key(digit), settings)).toEqual(packed);
  expect(readdirSync(folder).length).toBe(4);
});

describe("a volume that is loaded", () => {
  test("comes from its file, then from the cache, bit by bit the same", async () => {
    await settled(gzipped({ sizes: [5, 6, 4], spacing: [1, 1, 1] }));
    const first = await loadVolume(request, { cache });
    const second = await loadVolume(request, { cache });
    expect([first.result, second.result].map((result) => result.kind === "ok" && result.value.from)).toEqual([
      "file",
      "cache",
    ]);
    expect(voxelsOf(second.result)).toEqual(voxelsOf(first.result));
    expect(voxelsOf((await loadVolume(request, { cache: null })).result)).toEqual(voxelsOf(first.result));
  });

  test("is made again when its entry is damaged", async () => {
    await settled(gzipped({ sizes: [5, 6, 4] }));
    const first = await loadVolume(request, { cache });
    const [name = ""] = readdirSync(folder);
    const bytes = readFileSync(join(folder, name));
    bytes[150] = (bytes[150] ?? 0) ^ 4;
    writeFileSync(join(folder, name), bytes);
    const again = await loadVolume(request, { cache });
    expect(again.result).toMatchObject({ kind: "ok", value: { from: "file" } });
    expect(voxelsOf(again.result)).toEqual(voxelsOf(first.result));
    expect((await loadVolume(request, { cache })).result).toMatchObject({ value: { from: "cache" } });
  });

  test("is not taken from the entry of what its file held before, though size and time of writing are the same", async () => {
    await settled(gzipped({ sizes: [1, 1, 1], values: [1] }));
    utimesSync(request.path, 1000, 1000);
    await settled(readFileSync(request.path));
    const before = voxelsOf((await loadVolume(request, { cache })).result);
    await settled(gzipped({ sizes: [1, 1, 1], values: [2] }));
    utimesSync(request.path, 1000, 1000);
    const { result } = await loadVolume(request, { cache });
    expect(result).toMatchObject({ value: { from: "file" } });
    expect(voxelsOf(result)).not.toEqual(before);
  });

  test("is not kept while another program may still be writing its file", async () => {
    await settled(gzipped());
    writeFileSync(request.path, gzipped());
    await loadVolume(request, { cache });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is not kept when its file is wrong", async () => {
    await settled(gzipped().subarray(0, 40));
    expect((await loadVolume(request, { cache })).result.kind).toBe("failed");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("that cannot be kept is given all the same, with the reason", async () => {
    await settled(gzipped());
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "a file where the folder was");
    const { result, uncached } = await loadVolume(request, { cache });
    expect(result.kind).toBe("ok");
    expect(uncached).toMatch(/ENOTDIR/);
  });
});

test("every setting and every number of the metadata has entries of its own", () => {
  const state = { path: "/data/a.nii.gz", numbers: "1 2 3 4 5", changedMs: 0 };
  const keys = [
    cacheKey(state, metadata, settings),
    cacheKey({ ...state, path: "/data/b.nii.gz" }, metadata, settings),
    cacheKey({ ...state, numbers: "1 2 3 4 6" }, metadata, settings),
    ...(["slope", "intercept", "xySpacing", "zSpacing"] as const).map((name) =>
      cacheKey(state, { ...metadata, [name]: 7 }, settings),
    ),
    cacheKey(state, metadata, { ...settings, spacing: [1, 1, 2] }),
    cacheKey(state, metadata, { ...settings, size: [4, 5, 7] }),
    cacheKey(state, metadata, { ...settings, window: [-10, 11] }),
    cacheKey(state, metadata, { ...settings, window: "min_max" }),
    cacheKey(state, metadata, { ...settings, crop: "foreground" }),
    cacheKey(state, metadata, { ...settings, resize: "squash" }),
    cacheKey(state, metadata, { ...settings, storage: "f32" }),
    cacheKey(state, metadata, { ...settings, units: "hounsfield" }),
    cacheKey(state, metadata, { ...settings, orientation: "LPS" }),
    cacheKey(state, metadata, { ...settings, assumeOrientation: "LPS" }),
    cacheKey(state, metadata, { ...settings, axes: "zyx" }),
    cacheKey(state, metadata, { ...settings, otherWindows: [[-10, 11]] }),
    cacheKey(state, metadata, { ...settings, range: [0, 1] }),
    cacheKey(state, metadata, { ...settings, pad: 0 }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(cacheKey({ ...state, changedMs: 9 }, metadata, settings)).toBe(keys[0]);
});
