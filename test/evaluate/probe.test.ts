import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { eachByItself, groupBy, type ProbedExamples, probeScores } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";
import { unstopped, unwatched } from "./unwatched.ts";

/** Latents of some width with labels that follow from the first two features, and gaps, for some patients. */
function drawProbed(random: Random, count: number, width: number) {
  const normal = () => random.below(1000) / 250 - 2;
  const latents = Array.from({ length: count }, () => Float32Array.from({ length: width }, normal));
  const labels = latents.map((latent) => [
    at(latent, 0) + normal() / 2 > 0.5,
    random.below(6) === 0 ? null : at(latent, 1) + normal() / 2 > 0,
  ]);
  return { latents, labels, patients: latents.map((_, index) => `patient ${Math.floor(index / 2)}`) };
}

const settings = { folds: 5, strengths: [0.1, 1, 10] };
const fitted = (probed: ProbedExamples, wanted: typeof settings) => unstopped(probeScores(probed, wanted, unwatched));
const withGroups = ({ patients, ...rest }: ReturnType<typeof drawProbed>): ProbedExamples => ({
  ...rest,
  groups: groupBy("patient", patients),
});

test("patients are never split, folds are even, and each scores what it did not see", async () => {
  const drawn = drawProbed(new Random(1), 120, 4);
  const { scores, classes, folds } = await fitted(withGroups(drawn), settings);
  expect(new Set(drawn.patients.map((patient, index) => `${patient} ${at(folds, index)}`)).size).toBe(60);
  expect([0, 1, 2, 3, 4].map((fold) => folds.filter((each) => each === fold).length)).toEqual([24, 24, 24, 24, 24]);
  expect(classes.map((each) => (each.kind === "scored" ? each.strengths.length : each.why))).toEqual([5, 5]);
  const right = scores.filter((row, index) => at(row, 0) > 0.5 === at(at(drawn.labels, index), 0)).length;
  expect(right).toBeGreaterThan(90);
  // Labels that are turned within a fold leave its own scores as they are, with one strength.
  const one = { folds: 5, strengths: [1] };
  const turned = drawn.labels.map((row, index) => (folds[index] === 2 ? row.map((label) => label !== true) : row));
  const [first, second] = await Promise.all(
    [drawn.labels, turned].map(async (labels) => (await fitted(withGroups({ ...drawn, labels }), one)).scores),
  );
  for (const [index, fold] of folds.entries()) {
    if (fold === 2) expect(second?.[index]).toEqual(first?.[index]);
    else expect(second?.[index]).not.toEqual(first?.[index]);
  }
});

test("the order of examples changes no score, to the last bit", async () => {
  const drawn = drawProbed(new Random(2), 60, 5);
  const order = drawn.latents.map((_, index) => (index * 7) % 60);
  const turned = <Value>(values: readonly Value[]) => order.map((place) => at(values, place));
  const found = await fitted(withGroups(drawn), settings);
  const other = await fitted(
    withGroups({ latents: turned(drawn.latents), labels: turned(drawn.labels), patients: turned(drawn.patients) }),
    settings,
  );
  expect(other.scores).toEqual(turned(found.scores));
  expect(other.classes).toEqual(found.classes);
});

test("labels that have nothing to do with the latents choose the strongest penalty", async () => {
  const random = new Random(4);
  const drawn = drawProbed(random, 100, 10);
  const labels = drawn.labels.map(() => [random.below(2) === 0]);
  const { classes } = await fitted(withGroups({ ...drawn, labels }), { folds: 4, strengths: [0.01, 1, 1000] });
  expect(classes).toEqual([{ kind: "scored", strengths: [1000, 1000, 1000, 1000] }]);
});

test("a class of too few groups says so and has no scores", async () => {
  const { latents, patients } = drawProbed(new Random(5), 40, 3);
  const labels = latents.map((_, index) => [index < 4, index % 2 === 0, null, true, index > 1]);
  const { scores, classes } = await fitted(withGroups({ latents, labels, patients }), settings);
  expect(classes.map((each) => (each.kind === "scored" ? "" : each.why))).toEqual([
    "present in 2 of 20 patients, too few for 5 folds",
    "",
    "no example has a label for it",
    "absent in 0 of 20 patients, too few for 5 folds",
    "absent in 1 of 20 patients, too few for 5 folds",
  ]);
  expect([...at(scores, 0)].map(Number.isNaN)).toEqual([true, false, true, true, true]);
});

test("of latents that are all the same a probe learns how many have the class", async () => {
  const labels = Array.from({ length: 40 }, (_, index) => [index % 4 < 2]);
  const patients = labels.map((_, index) => `patient ${Math.floor(index / 4)}`);
  const latents = labels.map(() => Float32Array.of(0.1, 0.7, -0.3));
  const { scores, classes } = await fitted({ latents, labels, groups: groupBy("patient", patients) }, settings);
  for (const row of scores) expect(at(row, 0)).toBeCloseTo(0.5, 12);
  // No strength is better than another.
  expect(classes).toEqual([{ kind: "scored", strengths: [10, 10, 10, 10, 10] }]);
});

test("latents that are not finite have no scores", async () => {
  const latents = [Float32Array.of(1), Float32Array.of(Infinity)];
  const { classes } = await fitted({ latents, labels: [[true], [false]], groups: eachByItself(2) }, settings);
  expect(classes).toEqual([{ kind: "unscored", why: "latents of 1 of 2 images are not finite numbers" }]);
});

test("it is told how many probes are fitted, and can be stopped after each: another that runs meanwhile is not disturbed", async () => {
  const probed = withGroups(drawProbed(new Random(6), 40, 3));
  const small = { folds: 3, strengths: [1, 10] };
  const told: string[] = [];
  const tell = (done: number, total: number) => told.push(`${done} of ${total}`);
  const [alone, all] = [await fitted(probed, small), probeScores(probed, small, { ...unwatched, tell })];
  // In each of 3 pairs of folds 2 classes with 2 strengths, then both classes in each of 3 folds.
  const total = 3 * 2 * 2 + 2 * 3;
  const stops = Array.from({ length: total }, async (_, most) => {
    let done = 0;
    const watch = { tell: () => void done++, isStopped: () => done > most };
    expect(await probeScores(probed, small, watch)).toBe("stopped");
    expect(done).toBe(most + 1);
  });
  await Promise.all(stops);
  expect(await all).toEqual(alone);
  expect(told).toEqual(Array.from({ length: total }, (_, index) => `${index + 1} of ${total}`));
});

test("signals and timers are heard between two fits", async () => {
  let isStopped = false;
  const probed = withGroups(drawProbed(new Random(7), 40, 3));
  const wanted = probeScores(probed, settings, { ...unwatched, isStopped: () => isStopped });
  setImmediate(() => (isStopped = true));
  expect(await wanted).toBe("stopped");
});
