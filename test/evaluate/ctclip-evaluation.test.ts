import { readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { eachByItself, evaluateRetrieval, evaluateScores, type Metric } from "../../runtime/evaluate/index.ts";
import { f1 } from "../../runtime/evaluate/metrics/index.ts";
import { Random } from "../random.ts";

const numbers = v.array(v.number());
const table = v.object({ auroc: numbers, f1: numbers, acc: numbers, precision: numbers });
const ends = v.object({ percentiles: v.array(numbers), computeCis: v.array(numbers) });
/** What CT-CLIP's scripts give for the same inputs; made by make.py beside it. Of intervals the low end and the high. */
const expected = v.parse(
  v.object({
    reportToImage: v.record(v.string(), v.number()),
    imageToImage: v.record(v.string(), v.number()),
    thresholds: numbers,
    classes: table,
    intervals: v.object({ auroc: ends, f1: ends, acc: ends, precision: ends }),
  }),
  JSON.parse(readFileSync("test/fixtures/ctclip-evaluation/expected.json", "utf8")),
);
const classes = Array.from({ length: 18 }, (_, index) => `class ${index}`);

/** The inputs of make.py, drawn in the same order. */
function drawInputs() {
  const random = new Random(17);
  const unit = (values: readonly number[]) => {
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    return Float32Array.from(values, (value) => value / length);
  };
  const drawn = Array.from({ length: 120 }, () => {
    const image = Array.from({ length: 16 }, () => (random.below(2001) - 1000) / 1000);
    const report = image.map((value) => value / 2 + (random.below(2001) - 1000) / 1000);
    const none = random.below(4) === 0;
    const labels = classes.map(() => !(random.below(4) > 0 || none));
    const scores = labels.map((label) => (random.below(700) + 300 * Number(label)) / 1000);
    return { image: unit(image), report: unit(report), labels, scores };
  });
  return {
    images: drawn.map(({ image }) => image),
    reports: drawn.map(({ report }) => report),
    labels: drawn.map(({ labels }) => labels),
    scores: drawn.map(({ scores }) => scores),
  };
}

const { images, reports, labels, scores } = drawInputs();

test("what is published for retrieval is what CT-CLIP's scripts print", () => {
  const found = evaluateRetrieval(
    { images, reports, labels },
    { recallAt: [5, 10, 50, 100], mapAt: [1, 5, 10, 50], bootstrap: null },
  );
  const { recall } = found.reportToImage;
  expect(Object.fromEntries(recall.map(({ k, ownPair }) => [k, ownPair]))).toEqual(expected.reportToImage);
  // Each report is of one image here, so that both definitions are the same.
  expect(recall.map(({ recall: { value } }) => value)).toEqual(recall.map(({ ownPair }) => ownPair));
  const { map } = found.imageToImage;
  expect(Object.keys(expected.imageToImage)).toEqual(map.map(({ k }) => String(k)));
  for (const { k, published } of map) expect(published).toBeCloseTo(numberOf(expected.imageToImage, String(k)), 13);
  // An image that finds itself has everything in common: what they print for 1 is how many images have a finding.
  expect(map[0]?.published).toBe(found.imageToImage.images / images.length);
  expect(map[0]?.map.value).toBeLessThan(0.5);
});

test("a class's numbers are those of CT-CLIP's scripts, and with volumes as groups intervals are those of its resamples", () => {
  const chosen = expected.thresholds.map((value) => ({ value }));
  const threshold = { kind: "youden", on: "there" } as const;
  const bootstrap = { resamples: 1000, seed: 0 };
  const found = evaluateScores({ classes, scores, labels, threshold, chosen, groups: eachByItself(120), bootstrap });
  for (const [index, { metrics, present, absent, truePositives, falsePositives }] of found.classes.entries()) {
    // Theirs is scikit-learn's f1_score with average="weighted": that of the class and that of its absence, by how often each is.
    const ofAbsence = {
      ...{ present: absent, absent: present },
      truePositives: absent - falsePositives,
      falsePositives: present - truePositives,
    };
    const own = f1.of({ present, absent, truePositives, falsePositives }) ?? 0;
    const weighted = (present * own + absent * (f1.of(ofAbsence) ?? 0)) / (present + absent);
    expect(weighted).toBeCloseTo(at(expected.classes.f1, index), 13);
    for (const [table, metric] of [
      ["auroc", metrics.auroc],
      ["acc", metrics.accuracy],
      ["precision", metrics.precision],
    ] as const) {
      expect(metric.value).toBeCloseTo(at(expected.classes[table], index), 13);
      const { percentiles, computeCis } = expected.intervals[table];
      const interval = intervalIn(metric);
      for (const [end, value] of interval.entries()) {
        expect(value).toBeCloseTo(at(at(percentiles, index), end), 12);
        // eval.py takes the 25th and the 975th of 1,000 sorted values, to four digits; ours lie between these and the next.
        const low = at(at(computeCis, index), end);
        expect(value).toBeGreaterThan(low - 6e-5);
        expect(value).toBeLessThan(low + 0.03);
      }
    }
  }
});

function intervalIn(metric: Metric): readonly number[] {
  if (metric.value === null || metric.interval === null) throw new Error("it is measured");
  return [metric.interval.low, metric.interval.high];
}

function numberOf(values: Readonly<Record<string, number>>, name: string): number {
  const value = values[name];
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}
