import fc from "fast-check";
import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { adjust } from "../../runtime/evaluate/adjust.ts";
import { compareAurocs } from "../../runtime/evaluate/delong.ts";
import { compareRuns, eachByItself, groupBy } from "../../runtime/evaluate/index.ts";
import { twoSided } from "../../runtime/evaluate/normal.ts";
import { Random } from "../random.ts";

/** Two runs on some scans, three of each patient, of which the second is the better one. */
function drawRuns(seed: number, patients = 30) {
  const random = new Random(seed);
  const scans = Array.from({ length: 3 * patients }, (_, scan) => {
    const label = random.below(5) < (scan % 2 === 0 ? 3 : 1);
    const score = (lift: number): number => (random.below(20) + (label ? lift : 0)) / 40;
    return { label, patient: `train_${Math.floor(scan / 3)}`, first: score(3), second: score(12) };
  });
  return scans;
}

const settings = { metric: "auroc", correction: "holm", bootstrap: { resamples: 200, seed: 1 } } as const;

function compare(scans: ReturnType<typeof drawRuns>, turned = false) {
  const runs = [scans.map(({ first }) => [first]), scans.map(({ second }) => [second])] as const;
  const { comparisons } = compareRuns(
    {
      classes: ["a"],
      labels: scans.map(({ label }) => [label]),
      groups: groupBy(
        "patient",
        scans.map(({ patient }) => patient),
      ),
      runs: (turned ? runs.toReversed() : runs).map((scores) => ({ scores })),
    },
    settings,
  );
  return at(comparisons, 0);
}

test("a run that is better is found to be, and the difference turns around with the runs", () => {
  const [found, turned] = [compare(drawRuns(1)), compare(drawRuns(1), true)];
  const [own, other] = [found.classes[0], turned.classes[0]];
  expect(own?.difference).toBeGreaterThan(0.1);
  expect(own?.p).toBeLessThan(0.01);
  expect(own?.interval?.low).toBeGreaterThan(0);
  expect(other).toMatchObject({ difference: -(own?.difference ?? 0), values: own?.values.toReversed() });
  expect(other?.p).toBeCloseTo(own?.p ?? 0, 12);
  const mean = found.overall.find(({ name }) => name === "meanAuroc");
  expect(mean).toMatchObject({ difference: own?.difference, interval: own?.interval, p: 2 / 201 });
});

test("a run is not different from itself", () => {
  const scans = drawRuns(2).map((scan) => ({ ...scan, second: scan.first }));
  const { classes, overall } = compare(scans);
  for (const each of [...classes, ...overall]) expect(each).toMatchObject({ difference: 0, p: 1 });
});

test("scans that are there three times make no difference more certain", () => {
  const once = drawRuns(3);
  const [found, thrice] = [compare(once).classes[0], compare([...once, ...once, ...once]).classes[0]];
  expect(thrice?.p).toBeCloseTo(found?.p ?? 0, 12);
  expect(thrice?.interval).toEqual(found?.interval);
});

test("what only one run has is not compared", () => {
  const scans = drawRuns(4).map((scan) => ({ ...scan, label: false }));
  expect(compare(scans).classes[0]).toMatchObject({ values: [null, null], difference: null, p: null, adjusted: null });
});

test("DeLong's test needs two groups on either side, and a variance", () => {
  const scores = Float64Array.of(0.1, 0.2, 0.3, 0.4);
  expect(compareAurocs(scores, scores, [true, false, false, false], eachByItself(4))).toBeNull();
  const right = Float64Array.of(0.9, 0.8, 0.2, 0.1);
  const wrong = Float64Array.of(0.1, 0.2, 0.8, 0.9);
  expect(compareAurocs(wrong, right, [true, true, false, false], eachByItself(4))).toEqual({
    difference: 1,
    standardError: 0,
    p: null,
  });
});

test.each([
  [0, 1],
  [1, 0.3173105078629141],
  [1.9599639845400543, 0.05],
  [2.8284271247461903, 0.004677734981047266],
  [-5, 5.733031437583878e-7],
  [10, 1.523970604832105e-23],
])("a normal number is %d or more away from 0 with probability %d", (z, p) => {
  expect(Math.abs(twoSided(z) / p - 1)).toBeLessThan(1e-12);
});

const someP = fc.array(fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 12 });

test("corrected p are no smaller, in the same order, and Holm's are no smaller than Benjamini and Hochberg's", () => {
  fc.assert(
    fc.property(someP, (ps) => {
      const [holm, bh] = [adjust(ps, "holm"), adjust(ps, "bh")];
      for (const [place, p] of ps.entries()) {
        if (p === null) {
          expect([holm[place], bh[place]]).toEqual([null, null]);
          continue;
        }
        expect(bh[place]).toBeGreaterThanOrEqual(p);
        expect(holm[place]).toBeGreaterThanOrEqual((bh[place] ?? 0) * (1 - 1e-12));
        for (const [other, q] of ps.entries()) {
          if (q !== null && q <= p) expect(holm[other]).toBeLessThanOrEqual(holm[place] ?? 0);
        }
      }
    }),
  );
});
