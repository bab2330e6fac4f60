import { expect, test } from "vitest";
import { defaultImage } from "../../compiler/index.ts";
import type { VolumeRequest } from "../../runtime/data/volume-messages.ts";
import { BadVolumeError, Batches } from "../../runtime/train/batches.ts";

const width = 3;
const inputs = {
  inputs: [{ kind: "image", name: "image", file: 0, shape: [width], settings: defaultImage }],
  needs: { files: ["image"], texts: [], labels: [] },
} as const;

/** Which processes of how many ask here. */
interface Asking {
  readonly processes?: { readonly count: number; readonly first: number; readonly here: number };
  readonly microBatch?: number;
  readonly bad?: readonly number[];
  readonly skipBad?: boolean;
}

const batch = 8;

/** Batches of 8 of 20 examples, each of whose values are its number; `loaded` and `ahead` hear what is read. */
function made({
  processes = { count: 1, first: 0, here: 1 },
  microBatch = batch,
  bad = [],
  skipBad = true,
}: Asking = {}) {
  const loaded: number[] = [];
  const ahead: (readonly number[])[] = [];
  const taken: Float32Array[] = [];
  const examples = Array.from({ length: 20 }, (_, index) => ({
    ...{ name: `e${String(index)}`, file: `${String(index)}.png`, files: [`${String(index)}.png`], texts: [] },
    ...{ metadata: null, labels: new Map<string, boolean | null>() },
  }));
  const numberOf = ({ path }: VolumeRequest): number => Number.parseInt(path, 10);
  const batches = new Batches({
    ...{ examples, inputs, settings: { batch, microBatch }, processes, skipBad, tokenizer: null, shared: new Map() },
    order: {
      ...{ batchesPerEpoch: 2, leftOver: 4 },
      batchAt: (step) => ({
        ...{ epoch: 0, position: step },
        examples: Uint32Array.from({ length: batch }, (_, row) => (batch * step + row) % 20),
      }),
    },
    augment: { operations: { volumes: [], texts: [] }, seed: 0 },
    loader: {
      load: async (request) => {
        const number = numberOf(request);
        loaded.push(number);
        // The higher the sooner, so that what is found last was asked for first.
        await new Promise((resolve) => setTimeout(resolve, 20 - number));
        if (bad.includes(number))
          return { kind: "failed", problem: { subject: request.path, message: "bad", help: null } };
        return { kind: "ok", value: { voxels: new Float32Array(width).fill(number), from: "file" } };
      },
      prefetch: (requests) => ahead.push(requests.map(numberOf)),
      takeBack: (arrays) => void taken.push(...arrays),
    },
  });
  return { batches, loaded, ahead, taken };
}

/** The examples that some rows are. */
async function rowsOf(batches: Batches, step: number, ...ranges: readonly (readonly [number, number])[]) {
  const { rows } = batches.at(step, 3);
  const all = await Promise.all(ranges.map(([from, count]) => rows(from, count)));
  return all.map((values) => Array.from(values.get("image") ?? []).filter((_, place) => place % width === 0));
}

test("any rows are given in any order, at once", async () => {
  const { batches } = made({ processes: { count: 3, first: 0, here: 3 } });
  expect(await rowsOf(batches, 0, [6, 2], [0, 3], [3, 3])).toEqual([
    [6, 7],
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(await rowsOf(batches, 1, [7, 1], [0, 1])).toEqual([[15], [8]]);
});

test.each([
  ["the whole batch once", { microBatch: 8 }, [[0, 8]], [0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15]],
  [
    "micro-batches twice, and reads a batch that fits memory once",
    { microBatch: 4 },
    [
      [0, 4],
      [4, 4],
      [0, 4],
      [4, 4],
    ],
    [0, 1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14, 15],
  ],
  ["the rows of one machine of two", { processes: { count: 3, first: 2, here: 1 } }, [[6, 2]], [6, 7], [14, 15]],
] as const)("a step asks for %s, and reads ahead what comes next", async (_, asking, ranges, read, next) => {
  const { batches, loaded, ahead } = made(asking);
  const { rows } = batches.at(0, 3);
  for (const [from, count] of ranges) await rows(from, count);
  expect(loaded).toEqual(read);
  expect(ahead.at(-1)).toEqual(next);
});

test("rows that one process asks for twice, and another once, are read ahead as often", async () => {
  // Three rows in pieces of two, and two in one piece.
  const { batches, ahead } = made({ processes: { count: 3, first: 0, here: 3 }, microBatch: 2 });
  const { rows } = batches.at(2, 3);
  await rows(0, 2);
  // Kept, so that nothing is read again; the training ends here.
  expect(ahead.at(-1)).toEqual([18, 19, 0, 1, 2, 3]);
  await Promise.all([rows(2, 1), rows(3, 2), rows(5, 1), rows(6, 2)]);
  expect(ahead.at(-1)).toEqual([]);
});

test("memory of files is given back when it was copied, or else when its rows are done", async () => {
  const several = made({ microBatch: 8 });
  await several.batches.at(0, 3).rows(0, 8);
  expect(several.taken.map(([first]) => first)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  const single = made({ processes: { count: 8, first: 2, here: 1 }, microBatch: 1 });
  const { rows, done } = single.batches.at(0, 3);
  const given = await rows(2, 1);
  expect(single.taken).toEqual([]);
  done?.(given);
  done?.(given);
  expect(single.taken).toEqual([given.get("image")]);
});

test("rows that are given twice keep their memory", async () => {
  const { batches, taken } = made({ microBatch: 1 });
  const { rows, done } = batches.at(0, 3);
  const first = await rows(0, 1);
  done?.(first);
  expect(await rows(0, 1)).toBe(first);
  expect(taken).toEqual([]);
});

test("what takes the place of bad files does not depend on who asks first", async () => {
  const asking = { bad: [1, 3, 6, 8, 9], processes: { count: 4, first: 0, here: 4 } };
  const ordered = made(asking);
  const found = await rowsOf(ordered.batches, 0, [0, 8]);
  expect(found).toEqual([[0, 10, 2, 11, 4, 5, 12, 7]]);
  const reversed = made(asking);
  expect(await rowsOf(reversed.batches, 0, [6, 2], [4, 2], [2, 2], [0, 2])).toEqual([
    [12, 7],
    [4, 5],
    [2, 11],
    [0, 10],
  ]);
  expect(reversed.batches.lastNames()).toEqual(ordered.batches.lastNames());
  expect(reversed.batches.takeSkipped()).toEqual(ordered.batches.takeSkipped());
});

test("without --skip-bad a bad file ends the step, and nothing is read in its place", async () => {
  const { batches, loaded } = made({ bad: [3], skipBad: false });
  await expect(rowsOf(batches, 0, [2, 2])).rejects.toThrow(BadVolumeError);
  expect(loaded).toEqual([2, 3]);
});
