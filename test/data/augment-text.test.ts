import { describe, expect, test } from "vitest";
import type { TextAugmentation } from "../../compiler/index.ts";
import { augmentText, operationsOf } from "../../runtime/data/augment/index.ts";
import { sentencesOf } from "../../runtime/data/augment/sentences.ts";

const report =
  "Trachea and both main bronchi are open. A 3.5 mm nodule is seen in the right lung. No effusion!Fibrotic changes, approx. 5 mm. " +
  "Is it new?\n12 mm lymph node.";
const parts = [
  "Trachea and both main bronchi are open.",
  "A 3.5 mm nodule is seen in the right lung.",
  "No effusion!Fibrotic changes, approx. 5 mm.",
  "Is it new?",
  "12 mm lymph node.",
];

function changed(text: string, list: readonly TextAugmentation[], step = 0): string {
  return augmentText(text, operationsOf(list).texts, { seed: 1, step, example: "train_1_a_1.nii.gz" });
}

const shuffle: TextAugmentation = { kind: "shuffle_sentences", chance: 1 };
const drop: TextAugmentation = { kind: "drop_sentences", chance: 0.5 };

describe("sentences", () => {
  test("end at a new line and before a capital or a digit, and not in numbers and short forms", () => {
    expect(sentencesOf(report).sentences).toEqual(parts);
  });

  test("end where findings and impressions were joined with nothing between", () => {
    expect(sentencesOf("No nodule is seen.Emphysema in both lungs.").sentences).toEqual([
      "No nodule is seen.",
      "Emphysema in both lungs.",
    ]);
  });

  test.each(["", " ", "\n", "no end", report, "a.B c. D", "...", "One.\n\n\nTwo.", "\nOne. Two.\n", "e.g. Two"])(
    "of %j and what is between them are the text",
    (text) => {
      const { sentences, gaps } = sentencesOf(text);
      expect(sentences.map((each, at) => `${each}${gaps[at] ?? ""}`).join("")).toBe(text);
      expect(gaps).toHaveLength(sentences.length);
    },
  );
});

describe("a text", () => {
  test("is the same in the same step, and differs between steps", () => {
    for (const operation of [shuffle, drop]) {
      const steps = Array.from({ length: 20 }, (_, step) => changed(report, [operation], step));
      expect(Array.from({ length: 20 }, (_, step) => changed(report, [operation], step))).toEqual(steps);
      expect(new Set(steps).size).toBeGreaterThan(8);
    }
  });

  test("that is shuffled has all of its sentences, each in every place as often", () => {
    const first = new Map<string, number>();
    for (let step = 0; step < 2000; step++) {
      const { sentences } = sentencesOf(changed("A one. B two. C three. D four.", [shuffle], step));
      expect(sentences.toSorted()).toEqual(["A one.", "B two.", "C three.", "D four."]);
      first.set(sentences[0] ?? "", (first.get(sentences[0] ?? "") ?? 0) + 1);
    }
    // Four standard deviations of 19.4.
    for (const count of first.values()) expect(Math.abs(count - 500)).toBeLessThan(78);
  });

  test("loses each sentence as often as the chance says, and never the last one", () => {
    let kept = 0;
    for (let step = 0; step < 4000; step++) {
      kept += sentencesOf(changed(report, [{ kind: "drop_sentences", chance: 0.2 }], step)).sentences.length;
      expect(changed("A one. B two.", [{ kind: "drop_sentences", chance: 0.9 }], step)).not.toBe("");
    }
    // Four standard deviations of 0.0028.
    expect(Math.abs(kept / (4000 * parts.length) - 0.8)).toBeLessThan(0.0115);
  });

  test("of one sentence, without one, and with none drawn stays as it is", () => {
    for (const text of ["", "no end", "One sentence.", "\n"]) expect(changed(text, [shuffle, drop])).toBe(text);
    expect(changed(report, [{ ...shuffle, chance: 0 }])).toBe(report);
    expect(changed(report, [])).toBe(report);
  });
});
