import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { evaluateRetrieval, groupBy, type RetrievalExamples } from "../../runtime/evaluate/index.ts";
import { Random } from "../random.ts";

const settings = { recallAt: [1, 2], mapAt: [1, 2], bootstrap: null };

/** Unit vectors in the plane at some degrees. */
function plane(degrees: readonly number[]): Float32Array[] {
  return degrees.map((each) => Float32Array.of(Math.cos((each * Math.PI) / 180), Math.sin((each * Math.PI) / 180)));
}

const unlabelled = (count: number) => Array.from({ length: count }, () => []);

test("ranks count the wrong answers that are nearer, in both directions", () => {
  const { reportToImage, imageToReport } = evaluateRetrieval(
    { images: plane([0, 40, 90]), reports: plane([10, 60, 50]), labels: unlabelled(3) },
    settings,
  );
  // Report 3, at 50 degrees, is 10 from image 2, and 40 from its own; image 3 is 30 from report 2, and 40 from its own.
  expect(reportToImage.ranks).toEqual([1, 1, 2]);
  // Image 2 is 20 from its own report and 10 from report 3.
  expect(imageToReport.ranks).toEqual([1, 2, 2]);
  expect(reportToImage.recall).toMatchObject([
    { k: 1, recall: { value: 2 / 3, interval: null }, ownPair: 2 / 3 },
    { k: 2, recall: { value: 1 }, ownPair: 1 },
  ]);
  expect(reportToImage.recall.map(({ chance }) => chance)).toEqual([
    expect.closeTo(1 / 3, 14),
    expect.closeTo(2 / 3, 14),
  ]);
  expect(imageToReport.medianRank).toEqual({ value: 2, interval: null });
  expect(imageToReport.meanAveragePrecision).toEqual({ value: 2 / 3, interval: null });
});

test("any volume of the same report is a right answer, and what pairs alone would give is said beside", () => {
  const { reports, reportToImage } = evaluateRetrieval(
    { images: plane([0, 10, 80]), reports: plane([9, 9, 81]), texts: ["a", "a", "b"], labels: unlabelled(3) },
    settings,
  );
  expect(reports).toBe(2);
  expect(reportToImage.ranks).toEqual([1, 1, 1]);
  expect(reportToImage.recall[0]).toMatchObject({ recall: { value: 1 }, ownPair: 2 / 3 });
  // Two of three images are right for two reports, one for the third.
  expect(reportToImage.recall[0]?.chance).toBeCloseTo((2 / 3 + 2 / 3 + 1 / 3) / 3, 14);
});

test("latents that are all the same find nothing", () => {
  const same = plane([30, 30, 30, 30]);
  const labels = [[true], [true], [true], [true]];
  const { reportToImage, imageToReport } = evaluateRetrieval({ images: same, reports: same, labels }, settings);
  expect([reportToImage.ranks, imageToReport.ranks]).toEqual([
    [4, 4, 4, 4],
    [4, 4, 4, 4],
  ]);
});

test("images look for labels like theirs among other patients, and equal cosines put what is least alike first", () => {
  const examples = {
    images: plane([0, 1, 10, -10, 50]),
    reports: plane([0, 1, 10, -10, 50]),
    labels: [
      [true, true, false],
      [true, true, false],
      [true, false, false],
      [false, false, true],
      [false, false, false],
    ],
    // Whatever is drawn, images do not look among those of their patient.
    groups: groupBy("volume", ["1", "2", "3", "4", "5"]),
    patients: groupBy("patient", ["p", "p", "q", "r", "s"]),
  };
  const { imageToImage } = evaluateRetrieval(examples, settings);
  // Image 1 is as far from 3 as from 4, and finds 4 first. Image 5 has no finding. Image 3 finds 2, then 1; 4 finds 1, then 2.
  expect(imageToImage.images).toBe(4);
  expect(imageToImage.map.map(({ map }) => map)).toEqual([
    { value: (0 + 1 / 2 + 1 / 2 + 0) / 4, interval: null },
    { value: (1 / 4 + 1 / 4 + 1 / 2 + 0) / 4, interval: null },
  ]);
  expect(imageToImage.map[0]?.chance).toBeCloseTo((1 / 4 + 1 / 4 + 1 / 3 + 0) / 4, 14);
  // With itself, and with images of its patient; 5 finds nothing. The second number is the mean of both.
  expect(imageToImage.map[0]?.published).toBeCloseTo(4 / 5, 14);
  expect(imageToImage.map[1]?.published).toBeCloseTo((4 / 5 + (1 + 1 + 3 / 4 + 1 / 2) / 5) / 2, 14);
});

/** Latents of few different values, so that cosines are often equal, and labels with gaps. */
function drawExamples(random: Random, count: number, width: number, classes: number) {
  const latents = () =>
    Array.from({ length: count }, () => Float32Array.from({ length: width }, () => random.below(3) - 1));
  const images = latents();
  return {
    images,
    // Some are near to their image.
    reports: latents().map((latent, index) => (random.below(2) === 0 ? latent : at(images, index))),
    texts: Array.from({ length: count }, () => String(random.below(count))),
    labels: Array.from({ length: count }, () =>
      Array.from({ length: classes }, () => random.pick([true, false, false, null])),
    ),
    patientNames: Array.from({ length: count }, () => `p${random.below(count)}`),
  };
}

/** What the numbers mean, in the plainest way. */
function plainly({ images, reports, texts, labels, patientNames }: ReturnType<typeof drawExamples>, k: number) {
  const unit = (latent: Float32Array) => {
    const length = Math.sqrt(latent.reduce((sum, value) => sum + value * value, 0));
    return Array.from(latent, (value) => (length === 0 ? 0 : value / length));
  };
  const cosine = (a: Float32Array, b: Float32Array) => {
    const [one, other] = [unit(a), unit(b)];
    return one.reduce((sum, value, place) => sum + value * at(other, place), 0);
  };
  const places = [...images.keys()];
  const found = (from: readonly Float32Array[], to: readonly Float32Array[]) =>
    places.map((query) => {
      const answers = places.map((other) => ({
        isRight: at(texts, query) === at(texts, other),
        score: cosine(at(from, query), at(to, other)),
      }));
      answers.sort((a, b) => b.score - a.score || Number(a.isRight) - Number(b.isRight));
      return 1 + answers.findIndex(({ isRight }) => isRight);
    });
  const overlap = (a: readonly (boolean | null)[], b: readonly (boolean | null)[]) => {
    const known = a.flatMap((label, index) =>
      label === null || b[index] === null ? [] : [[label, b[index] === true]],
    );
    const either = known.filter((pair) => pair.includes(true)).length;
    return either === 0 ? 0 : known.filter((pair) => !pair.includes(false)).length / either;
  };
  const hasFinding = (place: number) => at(labels, place).includes(true);
  const means = places.filter(hasFinding).map((query) => {
    const others = places
      .filter((other) => hasFinding(other) && at(patientNames, other) !== at(patientNames, query))
      .map((other) => ({
        score: cosine(at(images, query), at(images, other)),
        overlap: overlap(at(labels, query), at(labels, other)),
      }));
    others.sort((a, b) => b.score - a.score || a.overlap - b.overlap);
    return others.slice(0, k).reduce((sum, each) => sum + each.overlap, 0) / k;
  });
  return {
    reportToImage: found(reports, images),
    imageToReport: found(images, reports),
    map: means.reduce((sum, mean) => sum + mean, 0) / means.length,
  };
}

test("ranks and MAP are what sorting gives, with ties, gaps in labels, and more examples than one tile has", () => {
  const random = new Random(3);
  for (const [count, width, classes] of [
    [150, 3, 2],
    [131, 6, 40],
    [70, 17, 3],
    [9, 1, 2],
  ] as const) {
    const examples = drawExamples(random, count, width, classes);
    const k = Math.max(1, Math.min(5, Math.floor(count / 20)));
    const expected = plainly(examples, k);
    const found = evaluateRetrieval(
      { ...examples, groups: groupBy("patient", examples.patientNames) },
      { recallAt: [], mapAt: [k, 1], bootstrap: null },
    );
    expect(found.reportToImage.ranks).toEqual(expected.reportToImage);
    expect(found.imageToReport.ranks).toEqual(expected.imageToReport);
    expect(found.imageToImage.map[0]?.map.value).toBeCloseTo(expected.map, 12);
    expect(found.imageToImage.map[1]?.published).toBeNull();
  }
});

test("the order of examples changes no number and no interval, to the last bit", () => {
  const random = new Random(8);
  const examples = drawExamples(random, 90, 7, 18);
  const withGaps = (all: typeof examples): RetrievalExamples => ({
    ...all,
    groups: groupBy("patient", all.patientNames),
  });
  const evaluate = (all: RetrievalExamples) =>
    evaluateRetrieval(all, { recallAt: [1, 5], mapAt: [1, 7], bootstrap: { resamples: 50, seed: 2 } });
  const order = [...examples.images.keys()].sort((a, b) => ((a * 37) % 90) - ((b * 37) % 90));
  const turned = <Value>(values: readonly Value[]) => order.map((place) => at(values, place));
  const shuffled = {
    images: turned(examples.images),
    reports: turned(examples.reports),
    texts: turned(examples.texts),
    labels: turned(examples.labels),
    patientNames: turned(examples.patientNames),
  };
  const [found, other] = [evaluate(withGaps(examples)), evaluate(withGaps(shuffled))];
  const unordered = ({ ranks, ...rest }: typeof found.reportToImage) => ({ ...rest, ranks: [...ranks].sort() });
  expect(turned(found.reportToImage.ranks)).toEqual(other.reportToImage.ranks);
  expect(unordered(other.reportToImage)).toEqual(unordered(found.reportToImage));
  expect(unordered(other.imageToReport)).toEqual(unordered(found.imageToReport));
  expect(other.imageToImage).toEqual(found.imageToImage);
});

test("intervals draw groups, and a recall's is that of a binomial share", () => {
  const count = 600;
  // A quarter of the reports are their own image's, the others are another's.
  const images = plane(Array.from({ length: count }, (_, index) => (index * 360) / count));
  const reports = images.map((image, index) => (index % 4 === 0 ? image : at(images, (index + 300) % count)));
  const { reportToImage } = evaluateRetrieval(
    { images, reports, labels: unlabelled(count) },
    { recallAt: [1], mapAt: [], bootstrap: { resamples: 2000, seed: 1 } },
  );
  const recall = reportToImage.recall[0]?.recall;
  if (recall === undefined || recall.value === null || recall.interval === null) throw new Error("it is measured");
  expect(recall.value).toBe(0.25);
  const spread = 1.96 * Math.sqrt((0.25 * 0.75) / count);
  expect(recall.interval.low).toBeCloseTo(0.25 - spread, 2);
  expect(recall.interval.high).toBeCloseTo(0.25 + spread, 2);
});

test("what has no number says why", () => {
  const none = evaluateRetrieval({ images: [], reports: [], labels: [] }, settings);
  expect(none.reportToImage.recall[0]?.recall).toEqual({ value: null, why: "there are no examples" });
  const few = evaluateRetrieval(
    { images: plane([1, 2]), reports: plane([1, 2]), labels: [[true], [false]] },
    {
      ...settings,
      recallAt: [3],
    },
  );
  expect(few.reportToImage.recall).toEqual([
    { k: 3, recall: { value: null, why: "there are only 2 examples" }, chance: null, ownPair: null },
  ]);
  expect(few.imageToImage.map[0]?.map).toEqual({
    value: null,
    why: "some images have only 0 others with a finding to look among",
  });
  const healthy = evaluateRetrieval(
    { images: plane([1, 2]), reports: plane([1, 2]), labels: [[false], [null]] },
    settings,
  );
  expect(healthy.imageToImage.map[0]?.map).toEqual({ value: null, why: "no image has a finding" });
  const unclassed = evaluateRetrieval({ images: plane([1]), reports: plane([1]), labels: [[]] }, settings);
  expect(unclassed.imageToImage.map[0]).toEqual({
    k: 1,
    map: { value: null, why: "there are no classes" },
    chance: null,
    published: null,
  });
  const broken = evaluateRetrieval(
    { images: [Float32Array.of(NaN), Float32Array.of(1)], reports: plane([1, 2]), labels: [[true], [true]] },
    settings,
  );
  const why = "latents of 1 of 2 images are not finite numbers";
  expect(broken.imageToReport).toEqual({
    recall: [1, 2].map((k) => ({ k, recall: { value: null, why }, chance: null, ownPair: null })),
    medianRank: { value: null, why },
    meanAveragePrecision: { value: null, why },
    ranks: [],
  });
});
