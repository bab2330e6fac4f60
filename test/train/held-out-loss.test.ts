import { expect, test } from "vitest";
import { defaultVolume } from "../../compiler/index.ts";
import type { DataInputs, Example } from "../../runtime/data/index.ts";
import { type MeasuredLoss, measureHeldOutLoss } from "../../runtime/train/held-out-loss.ts";
import { rowsOfFiles } from "../../runtime/train/held-out-rows.ts";
import { permutation } from "../../runtime/train/order.ts";

const inputs: DataInputs = {
  inputs: [{ kind: "volume", name: "image", file: 0, shape: [1, 1, 1, 1], settings: defaultVolume }],
  needs: { files: [null], texts: [], labels: null },
};

function exampleOf(number: number): Example {
  const file = `${number}.nii.gz`;
  return { name: file, file, files: [file], metadata: null, texts: [], labels: null };
}

interface Held {
  readonly examples: number;
  readonly rows: number;
  readonly microBatch?: number;
  readonly bad?: readonly number[];
  readonly skipBad?: boolean;
  readonly stopAfter?: number;
}

/** Measures volumes of one voxel, the number of each; the loss of a batch is what its rows say together. */
async function measure({ examples, rows, microBatch = rows, bad = [], skipBad = false, stopAfter }: Held): Promise<{
  readonly measured: MeasuredLoss;
  readonly batches: readonly (readonly number[])[];
}> {
  const batches: (readonly number[])[] = [];
  const lossOf = (batch: readonly number[]): number => batch.reduce((sum, each) => sum + each * each, 0) / rows;
  let loaded = 0;
  const measured = await measureHeldOutLoss(
    Array.from({ length: examples }, (_, number) => exampleOf(number)),
    {
      engine: {
        whole: null,
        run: (program, given) => {
          const image = [...(given.get("image") ?? given.get("embedding:0") ?? [])];
          if (program === "validate_embed") {
            expect(image).toHaveLength(microBatch);
            return Promise.resolve(new Map([["embedding:0", Float32Array.from(image)]]));
          }
          batches.push(image);
          return Promise.resolve(
            new Map([
              ["loss", Float32Array.of(lossOf(image))],
              ["loss:contrastive", Float32Array.of(1)],
              ["metric:right", Float32Array.of(batches.length === 1 ? Number.NaN : 1)],
            ]),
          );
        },
      },
      validation: { rows, microBatch },
      inputs,
      shared: new Map(),
      tokenizer: null,
      held: rowsOfFiles(
        {
          load: ({ path }) => {
            loaded += 1;
            const number = Number.parseInt(path, 10);
            return Promise.resolve(
              bad.includes(number)
                ? { kind: "failed", problem: { subject: path, message: "it is cut off", help: null } }
                : { kind: "ok", value: { voxels: Float32Array.of(number), from: "file" } },
            );
          },
          prefetch: () => undefined,
          takeBack: () => undefined,
        },
        inputs,
      ),
      skipBad,
      tell: () => undefined,
      isStopped: () => stopAfter !== undefined && loaded > stopAfter,
    },
  );
  return { measured, batches };
}

const order = (count: number): readonly number[] => [...permutation(count, 0, 0)];

test("batches are whole, in an order that is always the same, and the last one is filled up with the first examples", async () => {
  const { measured, batches } = await measure({ examples: 7, rows: 3 });
  const [a, b, c, d, e, f, g] = order(7);
  expect(batches).toEqual([
    [a, b, c],
    [d, e, f],
    [g, a, b],
  ]);
  const losses = batches.map((batch) => batch.reduce((sum, each) => sum + each * each, 0) / 3);
  const mean = losses.reduce((sum, loss) => sum + Math.fround(loss), 0) / 3;
  expect(measured).toMatchObject({ kind: "measured", loss: { examples: 7 }, skipped: [] });
  const values = measured.kind === "measured" ? measured.loss?.values : undefined;
  expect(values?.get("loss")).toBeCloseTo(mean, 12);
  expect([values?.get("loss/contrastive"), values?.get("right")]).toEqual([1, Number.NaN]);
  expect((await measure({ examples: 6, rows: 3 })).batches).toHaveLength(2);
});

test("in micro-batches it is of the same batches, without the rows beyond them", async () => {
  const whole = await measure({ examples: 5, rows: 3 });
  const cut = await measure({ examples: 5, rows: 3, microBatch: 2 });
  expect(cut.batches).toEqual(whole.batches);
  expect(cut.measured).toEqual(whole.measured);
});

test("a bad file ends it, or is left out", async () => {
  const held = { examples: 5, rows: 2, bad: [order(5)[1] ?? 0] };
  expect((await measure(held)).measured).toMatchObject({ kind: "wrong", problem: { message: "it is cut off" } });
  const { measured, batches } = await measure({ ...held, skipBad: true });
  const [a, , c, d, e] = order(5);
  expect(batches).toEqual([
    [a, c],
    [d, e],
  ]);
  expect(measured).toMatchObject({ loss: { examples: 4 }, skipped: [{ message: "it is cut off" }] });
});

test("there is no loss where what can be read does not fill a batch", async () => {
  const { measured, batches } = await measure({ examples: 3, rows: 3, bad: [1], skipBad: true });
  expect(batches).toEqual([]);
  expect(measured).toMatchObject({ kind: "measured", loss: null, skipped: [{ subject: "1.nii.gz" }] });
});

test.each([1, 2])("it stops between files, in micro-batches of %i", async (microBatch) => {
  const { measured, batches } = await measure({ examples: 6, rows: 2, microBatch, stopAfter: 3 });
  expect(measured).toEqual({ kind: "stopped" });
  expect(batches).toHaveLength(1);
});
