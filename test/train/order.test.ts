import { describe, expect, test } from "vitest";
import { type OrderSettings, permutation, planOrder, type TrainingOrder } from "../../runtime/train/order.ts";

function orderOf(settings: OrderSettings): TrainingOrder {
  const planned = planOrder(settings);
  if (planned.kind !== "order") throw new Error(planned.problem);
  return planned.order;
}

/** The examples of some steps, one after the other. */
function examplesOf(order: TrainingOrder, from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => [...order.batchAt(from + index).examples]).flat();
}

test("an order is these numbers on every machine", () => {
  expect([...permutation(12, 0, 0)]).toEqual([6, 4, 0, 7, 1, 11, 10, 8, 5, 9, 2, 3]);
  expect([...permutation(12, 0, 1)]).toEqual([4, 10, 8, 0, 1, 9, 3, 5, 6, 11, 7, 2]);
  expect([...permutation(12, 2 ** 53 - 1, 5)]).toEqual([10, 2, 7, 0, 6, 3, 5, 1, 4, 9, 8, 11]);
  expect([...permutation(100_000, 7, 3).subarray(0, 6)]).toEqual([76661, 50653, 2405, 61597, 62194, 22749]);
});

describe("the examples of an epoch", () => {
  const order = orderOf({ examples: 23, batch: 4, seed: 7 });

  test("are all different, in full batches, and what is left over is not always the same", () => {
    expect([order.batchesPerEpoch, order.leftOver]).toEqual([5, 3]);
    const seen = new Set<number>();
    for (let epoch = 0; epoch < 20; epoch++) {
      const examples = examplesOf(order, 5 * epoch, 5 * epoch + 5);
      expect(new Set(examples).size).toBe(20);
      for (const example of examples) seen.add(example);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, index) => index));
  });

  test("say which epoch it is, and which of its batches", () => {
    const { epoch, position } = order.batchAt(13);
    expect([epoch, position]).toEqual([2, 3]);
  });

  test("of a step are the same whichever steps are asked for before", () => {
    const straight = Array.from({ length: 30 }, (_, step) => order.batchAt(step));
    for (const step of [29, 3, 17, 0, 28, 4, 5]) {
      expect(orderOf({ examples: 23, batch: 4, seed: 7 }).batchAt(step)).toEqual(straight[step]);
      expect(order.batchAt(step)).toEqual(straight[step]);
    }
  });

  test("are another's to change", () => {
    const { examples } = order.batchAt(0);
    const before = [...examples];
    examples.fill(0);
    expect([...order.batchAt(0).examples]).toEqual(before);
  });
});

test("seeds and epochs that differ in any bit give different orders", () => {
  const pairs = [
    ...Array.from({ length: 53 }, (_, bit) => [2 ** bit, 0] as const),
    ...Array.from({ length: 40 }, (_, bit) => [0, 2 ** bit] as const),
    [0, 0] as const,
    [1, 1] as const,
  ];
  const orders = new Set(pairs.map(([seed, epoch]) => permutation(50, seed, epoch).join()));
  expect(orders.size).toBe(pairs.length);
});

test("every order is as likely as every other", () => {
  const counts = new Map<string, number>();
  const epochs = 24_000;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(4, 11, epoch).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  const expected = epochs / 24;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // With 23 degrees of freedom it is above 49.7 once in a thousand seeds.
  expect(chiSquare).toBeLessThan(49.7);
});

test("a batch that is the whole set is that set, in an order of its own", () => {
  const order = orderOf({ examples: 8, batch: 8, seed: 1 });
  expect(order.batchesPerEpoch).toBe(1);
  expect([...order.batchAt(4).examples].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test.each([0, 7])("%i examples are too few for a batch of 8", (examples) => {
  expect(planOrder({ examples, batch: 8, seed: 0 })).toEqual({
    kind: "too-few",
    problem: `there are ${examples} examples to train on, and a batch needs 8`,
    help: "add examples, or use a smaller batch",
  });
});

/** Twenty archives of three to seven examples, whose numbers are spread over them. */
function spreadArchives(): readonly (readonly number[])[] {
  const archives: number[][] = Array.from({ length: 20 }, () => []);
  for (let example = 0; example < 100; example++)
    archives[(example * 7 + Math.floor(example / 50)) % 20]?.push(example);
  return archives;
}

test("examples in many archives come each once an epoch, from at most eight archives at a time, each time in another order", () => {
  const archives = spreadArchives();
  const archiveOf = new Map(archives.flatMap((examples, archive) => examples.map((example) => [example, archive])));
  const order = orderOf({ examples: 100, batch: 5, seed: 3, archives });
  const epochs = [0, 1].map((epoch) => examplesOf(order, 20 * epoch, 20 * (epoch + 1)));
  for (const examples of epochs) {
    expect([...examples].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, example) => example));
    // An archive that was left is not come back to, so the first and the last place of each tell how many are open.
    const places = examples.map((example) => archiveOf.get(example) ?? -1);
    for (let place = 0; place < 100; place++) {
      const open = archives.filter(
        (_, archive) => places.indexOf(archive) <= place && places.lastIndexOf(archive) >= place,
      );
      expect(open.length).toBeLessThanOrEqual(8);
    }
  }
  expect(epochs[0]).not.toEqual(epochs[1]);
});

test("any batch of examples in archives can be asked for in any order, and does not depend on what was asked before", () => {
  const settings = { examples: 100, batch: 7, seed: 11, archives: spreadArchives() };
  const forwards = Array.from({ length: 30 }, (_, step) => orderOf(settings).batchAt(step));
  const order = orderOf(settings);
  for (let step = 29; step >= 0; step--) expect(order.batchAt(step)).toEqual(forwards[step]);
});

test("examples in few archives come in the order in which they would come as files", () => {
  const archives = [
    [3, 4, 5],
    [0, 1, 2],
    [6, 7, 8, 9],
  ];
  const [packed, files] = [
    orderOf({ examples: 10, batch: 2, seed: 5, archives }),
    orderOf({ examples: 10, batch: 2, seed: 5 }),
  ];
  expect(examplesOf(packed, 0, 15)).toEqual(examplesOf(files, 0, 15));
});
