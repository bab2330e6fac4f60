import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultVolume, type VolumeAugmentation } from "../../compiler/index.ts";
import { operationsOf } from "../../runtime/data/augment/index.ts";
import { loadAugmented, loadVolume } from "../../runtime/data/load-volume.ts";
import type { VolumeSettings } from "../../runtime/data/transforms/index.ts";
import { VolumeLoader } from "../../runtime/data/volume-loader.ts";
import type { VolumeRequest } from "../../runtime/data/volume-messages.ts";
import { prepareProgram } from "../cli/medctc.ts";
import { gzipped } from "./nifti-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-loader-"));
const settings: VolumeSettings = {
  ...defaultVolume,
  spacing: [1, 1, 1],
  size: [2, 3, 4],
  window: [-100, 100],
  storage: "f32",
};
const prepare = { kind: "volume", settings } as const;
const metadata = { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 };
const requestOf = (index: number): VolumeRequest => ({
  path: join(folder, `${index}.nii.gz`),
  metadata,
  prepare,
});
/** Files of very different sizes, so that threads are done in another order than they started. */
const count = 12;
const requests = Array.from({ length: count }, (_, index) => requestOf(index));

beforeAll(async () => {
  for (let index = 0; index < count; index++) {
    const sizes = index % 3 === 0 ? [120, 110, 9] : [3, 4, 2];
    const values = Array.from({ length: 120 * 110 * 9 }, (_, at) => (at * 31 + index) % 97);
    writeFileSync(requestOf(index).path, gzipped({ sizes, values }));
  }
  writeFileSync(join(folder, "bad.nii.gz"), gzipped().subarray(0, 30));
  prepareProgram();
  // Files that were only just written are not kept.
  await new Promise((resolve) => setTimeout(resolve, 200));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a loader", () => {
  test("gives each request its own volume, however many threads it has and whatever was asked for ahead", async () => {
    const expected = await Promise.all(
      requests.map(async (request) => (await loadVolume(request, { cache: null })).result),
    );
    for (const workers of [1, 3]) {
      for (const planned of [[], requests, requests.toReversed()]) {
        const loader = new VolumeLoader({ cache: null, workers, ahead: 2 });
        loader.prefetch(planned);
        expect(await Promise.all(requests.map((request) => loader.load(request)))).toEqual(expected);
        await loader.dispose();
      }
    }
  });

  test("is given more than its threads are at, so that they go on while the program hears nothing", async () => {
    const cache = { folder: join(folder, "unheard"), bytes: 1e6 };
    const loader = new VolumeLoader({ cache, workers: 1, ahead: 3 });
    loader.prefetch([requestOf(1), requestOf(2), requestOf(4)]);
    const kept = (): number => readdirSync(cache.folder).filter((name) => !name.endsWith(".part")).length;
    const until = performance.now() + 20_000;
    // No answer of a thread is heard in here, as in a training step.
    while (kept() < 3 && performance.now() < until) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    expect(kept()).toBe(3);
    await loader.dispose();
  });

  test("gives the same volume as often as it is asked for, in an array of its own", async () => {
    const loader = new VolumeLoader({ cache: null, workers: 2 });
    loader.prefetch([requestOf(1), requestOf(1)]);
    const results = await Promise.all([
      loader.load(requestOf(1)),
      loader.load(requestOf(1)),
      loader.load(requestOf(1)),
    ]);
    const arrays = results.map((result) => (result.kind === "ok" ? result.value.voxels : null));
    expect(new Set(arrays).size).toBe(3);
    expect(arrays[1]).toEqual(arrays[0]);
    await loader.dispose();
  });

  test("loads into memory that is given back, whose arrays are empty then, and gives the same values", async () => {
    const cache = { folder: join(folder, "given-back"), bytes: 1e6 };
    const loader = new VolumeLoader({ cache, workers: 1, ahead: 2 });
    const given = async (index: number): Promise<Float32Array> => {
      const result = await loader.load(requestOf(index));
      if (result.kind === "failed") throw new Error(result.problem.message);
      return result.value.voxels;
    };
    const expected = await Promise.all([1, 2].map(async (index) => Float32Array.from(await given(index))));
    // Neither of another size, nor a part of an array, nor one that came back before is taken.
    const foreign = new Float32Array(500);
    loader.takeBack([foreign, foreign.subarray(12, 36)]);
    for (let round = 0; round < 3; round++) {
      for (const index of [1, 2]) {
        const first = await given(index);
        const kept = await given(index);
        loader.takeBack([first.fill(7), first]);
        const second = await given(index);
        expect([first.length, second]).toEqual([0, expected[index - 1]]);
        expect(kept).toEqual(second);
        loader.takeBack([first]);
      }
    }
    expect(foreign.length).toBe(500);
    await loader.dispose();
  });

  test("changes volumes as each request says, and keeps them in the cache as they were", async () => {
    const cache = { folder: join(folder, "unchanged"), bytes: 1e6 };
    const augmentations: readonly VolumeAugmentation[] = [
      { kind: "rotate", degrees: 20, axis: "slices", chance: 1 },
      { kind: "noise", std: 0.1, chance: 1 },
    ];
    const operations = operationsOf(augmentations).volumes;
    const changedAt = (step: number): VolumeRequest => ({
      ...requestOf(1),
      augment: { operations, draw: { seed: 5, step, example: "1.nii.gz" } },
    });
    const plain = await loadVolume(requestOf(1), { cache: null });
    const wanted = [changedAt(0), changedAt(1), requestOf(1), { ...requestOf(1), augment: null }];
    const expected = await Promise.all(wanted.map((request) => loadAugmented(request, { cache: null })));
    expect(new Set(expected.map(({ result }) => JSON.stringify(result))).size).toBe(3);
    expect(expected[2]).toEqual(plain);
    expect(expected[3]).toEqual(plain);
    for (const workers of [1, 2]) {
      const loader = new VolumeLoader({ cache, workers, ahead: 4 });
      loader.prefetch(wanted.toReversed());
      for (const [index, request] of [...wanted, ...wanted].entries()) {
        const result = await loader.load(request);
        const voxels = expected[index % wanted.length]?.result;
        expect(result.kind === "ok" && voxels?.kind === "ok" && result.value.voxels).toEqual(
          voxels?.kind === "ok" && voxels.value.voxels,
        );
      }
      await loader.dispose();
      expect(readdirSync(cache.folder)).toHaveLength(1);
    }
  });

  test("a file that is wrong is a value, asked for ahead or not, and others go on", async () => {
    const loader = new VolumeLoader({ cache: null, workers: 1 });
    const bad = { path: join(folder, "bad.nii.gz"), metadata, prepare };
    loader.prefetch([bad, requestOf(1)]);
    const problem = { subject: bad.path, message: "it is truncated within its gzip data" };
    expect(await loader.load(bad)).toMatchObject({ kind: "failed", problem });
    expect((await loader.load(requestOf(1))).kind).toBe("ok");
    await loader.dispose();
  });

  test("works ahead, no further than it may, and lets go of what is not wanted any more", async () => {
    const cache = { folder: join(folder, "ahead"), bytes: 1e6 };
    const loader = new VolumeLoader({ cache, workers: 1, ahead: 2 });
    loader.prefetch(requests);
    // With one thread, what was started before is done when this is.
    await loader.load({ path: join(folder, "missing"), metadata, prepare });
    const fromWhere = async (index: number): Promise<string> => {
      const { result } = await loadVolume(requestOf(index), { cache });
      return result.kind === "ok" ? result.value.from : "wrong";
    };
    await loader.load({ path: join(folder, "missing"), metadata, prepare });
    await loader.load({ path: join(folder, "missing"), metadata, prepare });
    expect([await fromWhere(0), await fromWhere(1), await fromWhere(2)]).toEqual(["cache", "cache", "file"]);
    loader.prefetch([requestOf(7)]);
    await loader.load({ path: join(folder, "missing"), metadata, prepare });
    await loader.load({ path: join(folder, "missing"), metadata, prepare });
    expect([await fromWhere(7), await fromWhere(8)]).toEqual(["cache", "file"]);
    await loader.dispose();
  });

  test("what it kept is there for the next one, with the same values", async () => {
    const cache = { folder: join(folder, "kept"), bytes: 1e6 };
    const froms: string[] = [];
    const values: unknown[] = [];
    for (let round = 0; round < 2; round++) {
      const loader = new VolumeLoader({ cache, workers: 2 });
      const result = await loader.load(requestOf(3));
      if (result.kind === "failed") throw new Error(result.problem.message);
      froms.push(result.value.from);
      values.push(result.value.voxels);
      expect(loader.cacheProblem).toBeNull();
      await loader.dispose();
    }
    expect(froms).toEqual(["file", "cache"]);
    expect(values[1]).toEqual(values[0]);
  });

  test("without a place for its cache it says why, and loads", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const loader = new VolumeLoader({ cache: { folder: join(file, "cache"), bytes: 1e6 }, workers: 1 });
    expect(loader.cacheProblem).toMatch(/ENOTDIR/);
    expect((await loader.load(requestOf(1))).kind).toBe("ok");
    await loader.dispose();
  });

  test("what is under way when it is disposed of is an error, and so is what comes after", async () => {
    const loader = new VolumeLoader({ cache: null, workers: 1 });
    const results = requests.map((request) => loader.load(request));
    const settled = Promise.allSettled(results);
    await loader.dispose();
    expect((await settled).map(({ status }) => status)).toEqual(requests.map(() => "rejected"));
    await expect(loader.load(requestOf(0))).rejects.toThrow("after it was disposed of");
  });
});

test("a program that forgets to dispose of its loader ends all the same", async () => {
  const program = join(folder, "program");
  mkdirSync(program);
  const script = join(program, "forgets.mjs");
  const source = `
    import { VolumeLoader } from ${JSON.stringify(resolve("runtime/data/volume-loader.ts"))};
    const loader = new VolumeLoader(${JSON.stringify({ settings, cache: null, workers: 2 })});
    loader.prefetch(${JSON.stringify([requestOf(1), requestOf(2)])});
    const { kind } = await loader.load(${JSON.stringify(requestOf(0))});
    process.stdout.write(kind);
  `;
  const banner = 'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);';
  await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: "ts" },
    ...{ outfile: script, bundle: true, format: "esm", platform: "node", banner: { js: banner } },
  });
  // Where the bundled loader finds its worker.
  await build({
    ...{ entryPoints: ["runtime/data/volume-worker.ts"], outfile: join(program, "volume-worker.js") },
    ...{ bundle: true, format: "esm", platform: "node", banner: { js: banner } },
  });
  writeFileSync(join(program, "package.json"), '{ "type": "module" }');
  const { status, stdout } = spawnSync(process.execPath, [script], { encoding: "utf8", timeout: 120_000 });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "ok" });
});
