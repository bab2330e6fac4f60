import { describe, expect, test } from "vitest";
import { scoreClasses } from "../../runtime/evaluate/zero-shot.ts";

const latents: ReadonlyMap<string, Float32Array> = new Map(
  Object.entries({
    "Nodule.": [1, 0],
    "no Nodule!": [0, 1],
    "A $& B.": [0.6, 0.8],
    "no A $& B!": [-1, 0],
    "Effusion.": [0, -1],
    "no Effusion!": [0, -1],
  }).map(([text, values]) => [text, Float32Array.from(values)]),
);
const images = [Float32Array.of(0, 1), Float32Array.of(0.6, 0.8)];
const prompts = { present: ["{class}."], absent: ["no {class}!"] };

/** The share of the first in the softmax over two logits. */
const share = (present: number, absent: number, scale: number) =>
  Math.exp(scale * present) / (Math.exp(scale * present) + Math.exp(scale * absent));

/** Holds scores to others, to single precision. */
function expectScores(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  for (const [row, values] of expected.entries())
    for (const [column, value] of values.entries()) expect(found[row]?.[column]).toBeCloseTo(value, 6);
}

test("a score is the share of the first prompt in the softmax over both, computed by hand", () => {
  const classes = ["Nodule ", "A $& B", "Effusion"];
  for (const average of ["latent", "score"] as const) {
    const scores = scoreClasses(images, classes, { prompts, average }, { latents, scale: 2 });
    expectScores(scores, [
      [share(0, 1, 2), share(0.8, 0, 2), share(-1, -1, 2)],
      [share(0.6, 0.8, 2), share(1, -0.6, 2), 0.5],
    ]);
    expect(scores[0]?.[0]).toBeCloseTo(0.119_203, 6);
  }
});

test("one prompt a side is taken as the model gives it, whatever its length", () => {
  const long = new Map([
    ["Nodule.", Float32Array.of(3, 0)],
    ["no Nodule!", Float32Array.of(0, 2)],
  ]);
  const scores = scoreClasses(images, ["Nodule"], { prompts, average: "latent" }, { latents: long, scale: 1 });
  expectScores(scores, [[share(0, 2, 1)], [share(1.8, 1.6, 1)]]);
});

test("no classes give no scores", () => {
  expect(scoreClasses(images, [], { prompts, average: "latent" }, { latents, scale: 1 })).toEqual([[], []]);
});

describe("several prompts a side", () => {
  const said = { present: ["{class}.", "a {class}"], absent: ["no {class}!", "clear of {class}", "without {class}"] };
  // The second present one is no unit vector: it counts by its direction alone.
  const own = new Map([
    ["Nodule.", Float32Array.of(1, 0)],
    ["a Nodule", Float32Array.of(0, 5)],
    ["no Nodule!", Float32Array.of(-1, 0)],
    ["clear of Nodule", Float32Array.of(0, -1)],
    ["without Nodule", Float32Array.of(0.6, -0.8)],
  ]);
  const task = { prompts: said, average: "latent" as const };

  test("are one vector a side, the mean of the unit latents made a unit vector again", () => {
    const scores = scoreClasses(images, ["Nodule"], task, { latents: own, scale: 4 });
    // (1, 0) and (0, 1) have the mean (0.5, 0.5); the others (-0.4, -1.8) / 3.
    const present = [Math.SQRT1_2, Math.SQRT1_2] as const;
    const length = Math.hypot(-0.4, -1.8);
    const absent = [-0.4 / length, -1.8 / length] as const;
    const cosine = (x: number, y: number, [a, b]: readonly [number, number]) => x * a + y * b;
    expectScores(scores, [
      [share(cosine(0, 1, present), cosine(0, 1, absent), 4)],
      [share(cosine(0.6, 0.8, present), cosine(0.6, 0.8, absent), 4)],
    ]);
  });

  test("are the mean of the scores of all pairs", () => {
    const ofScores = { ...task, average: "score" as const };
    const units = new Map([...own, ["a Nodule", Float32Array.of(0, 1)] as const]);
    const scores = scoreClasses(images, ["Nodule"], ofScores, { latents: units, scale: 4 });
    const mean = (present: readonly number[], absent: readonly number[]) => {
      const all = present.flatMap((one) => absent.map((other) => share(one, other, 4)));
      return all.reduce((sum, value) => sum + value, 0) / all.length;
    };
    expectScores(scores, [[mean([0, 1], [0, -1, -0.8])], [mean([0.6, 0.8], [-0.6, -0.8, 0.36 - 0.64])]]);
  });
});
