import { expect, test } from "vitest";
import { groupBy } from "../../runtime/evaluate/index.ts";
import { decodeScores, encodeScores, type KeptScores } from "../../runtime/evaluate/kept-scores.ts";
import { Random } from "../random.ts";

const kept: KeptScores = {
  classes: ["Lung nodule", 'with "quotes" and é', "__proto__"],
  names: ["valid_1_a_1.nii.gz", "valid_2_a_1.nii.gz"],
  scores: [
    [0.1 + 0.2, 1e-300, 1],
    [0, 0.5, Number.MIN_VALUE],
  ],
  labels: [
    [true, null, true],
    [false, false, null],
  ],
  threshold: { kind: "sensitivity", atLeast: 0.9, on: null },
  groups: groupBy("patient", ["valid_2", "valid_1"]),
  bootstrap: { resamples: 70, seed: 3 },
};

test("scores come back to the last bit, as arrays of either kind", () => {
  expect(decodeScores(encodeScores(kept))).toEqual(kept);
  const floats = { ...kept, scores: kept.scores.map((row) => Float64Array.from(row)) };
  expect(encodeScores(floats)).toBe(encodeScores(kept));
  const none = { classes: [], names: [], scores: [], labels: [] };
  const usual = { threshold: { kind: "fixed", value: 0.5 }, bootstrap: { resamples: 1000, seed: 0 } };
  expect(decodeScores(encodeScores(none))).toEqual({ ...none, ...usual });
  expect(decodeScores('{"classes": [], "volumes": []}')).toEqual({ ...none, ...usual });
});

test.each([
  "",
  "null",
  "[]",
  '{"classes": []}',
  '{"classes": [], "volumes": {}}',
  '{"classes": [1], "volumes": []}',
  '{"classes": ["a"], "volumes": [null]}',
  '{"classes": ["a"], "volumes": [{"name": "v", "scores": [0.5], "labels": []}]}',
  '{"classes": ["a"], "volumes": [{"name": "v", "scores": [], "labels": [1]}]}',
  '{"classes": ["a"], "volumes": [{"name": 1, "scores": [0.5], "labels": [1]}]}',
  '{"classes": ["a"], "volumes": [{"name": "v", "scores": ["0.5"], "labels": [1]}]}',
  '{"classes": ["a"], "volumes": [{"name": "v", "scores": [0.5], "labels": [2]}]}',
  '{"classes": ["a"], "volumes": [{"name": "v", "scores": [0.5], "labels": [true]}]}',
  '{"classes": [], "settings": {"threshold": {"kind": "fixed"}, "bootstrap": null, "by": null}, "volumes": []}',
  '{"classes": [], "settings": {"threshold": {"kind": "fixed", "value": 1}, "bootstrap": null, "by": "patient"}, "volumes": [{"name": "v", "group": 4e9, "scores": [], "labels": []}]}',
  '{"__proto__": {"classes": [], "volumes": []}}',
])("%s is no such text", (text) => {
  expect(decodeScores(text)).toBeNull();
});

test("scores that are no finite numbers, which JSON does not have, are made again", () => {
  expect(
    decodeScores(
      encodeScores({
        ...kept,
        scores: [
          [Number.NaN, 0, 0],
          [0, 0, 0],
        ],
      }),
    ),
  ).toBeNull();
});

test("2,000 texts with a changed, missing or additional character are refused or whole", () => {
  const random = new Random(5);
  const text = encodeScores(kept);
  for (let mutant = 0; mutant < 2000; mutant++) {
    const at = random.below(text.length);
    const other = String.fromCharCode(32 + random.below(95));
    const changed = text.slice(0, at) + ["", other, text.charAt(at) + other][mutant % 3] + text.slice(at + 1);
    const decoded = decodeScores(changed);
    if (decoded === null) continue;
    const { classes, names, scores, labels } = decoded;
    expect([scores.length, labels.length]).toEqual([names.length, names.length]);
    for (const row of [...scores, ...labels]) expect(row).toHaveLength(classes.length);
    expect(decodeScores(encodeScores(decoded))).toEqual(decoded);
  }
});
