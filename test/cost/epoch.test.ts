import { expect, test } from "vitest";
import { type EpochPlace, epochWork, expectEpoch, type WorkSeconds } from "../../runtime/app/expected-epoch.ts";
import { sharesOf } from "../../runtime/printout/index.ts";

const examples = { volumes: 100, heldOut: 20 };
const settings = { batch: 10, evaluateEvery: 5, saveEvery: null };
const each: WorkSeconds = { step: 8, gather: 0, evaluation: 30, save: 1 };
const here: EpochPlace = { machines: 1, threads: 5, isOnProcessor: true, decode: 2, read: 0.1 };

test("an epoch steps, evaluates as often as the spec says, and saves at its end and after evaluations", () => {
  expect(epochWork(examples, settings)).toEqual({ steps: 10, evaluations: 2, saves: 3 });
  expect(epochWork({ ...examples, heldOut: null }, settings)).toEqual({ steps: 10, evaluations: 2, saves: 1 });
  expect(epochWork(examples, { batch: 10, evaluateEvery: null, saveEvery: 2 })).toEqual({
    ...{ steps: 10, evaluations: 1, saves: 6 },
  });
  // Fewer examples than a batch make no step.
  expect(epochWork({ volumes: 9, heldOut: 5 }, settings)).toMatchObject({ steps: 0, evaluations: 0 });
});

test("threads that decode take their share of a processor that computes, and none of GPUs", () => {
  const work = epochWork(examples, settings);
  const found = expectEpoch(examples, work, each, here);
  // 100 volumes and twice 20, of 2 s each on four of five threads.
  expect(found).toEqual({
    ...examples,
    ...{ stepSeconds: 80, gatherSeconds: 0, evaluationSeconds: 60, saveSeconds: 3, decodeSeconds: 70, readSeconds: 14 },
    seconds: 80 + 60 + 3 + (4 / 5) * 70,
  });
  expect(expectEpoch(examples, work, each, { ...here, isOnProcessor: false }).seconds).toBe(143);
  // Whichever takes longest: what computes waits for it.
  expect(expectEpoch(examples, work, each, { ...here, isOnProcessor: false, decode: 10 }).seconds).toBe(350);
  expect(expectEpoch(examples, work, each, { ...here, read: 10 }).seconds).toBe(1400);
});

test("two machines with half a step each have half of steps and of reading, all of evaluating and saving, and gather", () => {
  const work = epochWork(examples, settings);
  const one = expectEpoch(examples, work, each, here);
  const two = expectEpoch(examples, work, { ...each, step: 4, gather: 0.5 }, { ...here, machines: 2 });
  expect(two.stepSeconds).toBe(one.stepSeconds / 2);
  expect(two.gatherSeconds).toBe(5);
  expect([two.evaluationSeconds, two.saveSeconds]).toEqual([one.evaluationSeconds, one.saveSeconds]);
  // The first reads half of what is trained on, and all that is held out.
  expect(two.readSeconds).toBeCloseTo((50 + 40) * 0.1, 12);
});

test("what nobody measured is said to be unknown, and counts as nothing", () => {
  const work = epochWork(examples, settings);
  const unknown = { ...each, gather: null, save: null };
  const found = expectEpoch(examples, work, unknown, { ...here, decode: null, read: null });
  expect(found.seconds).toBe(140);
  expect(sharesOf(found, true)).toEqual([
    "80 s (57 %) for steps",
    "what gathering takes is unknown",
    "60 s (43 %) for evaluation on 20",
    "what saving takes is unknown",
    "what decoding takes is unknown",
    "what reading takes is unknown",
  ]);
  expect(sharesOf({ ...found, heldOut: null }, false).slice(0, 2)).toEqual([
    "80 s (57 %) for steps",
    "evaluations not counted",
  ]);
});
