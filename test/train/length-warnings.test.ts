import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { lengthWarnings } from "../../runtime/app/train/length-warnings.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const stepsPerEpoch = 4;

/** What is said of a training of so many steps with some settings and rules. */
function said(train: string, steps: number, group = ""): readonly string[] {
  const text = `
import "std/clip_text"
import "std/linear"
model m {
  encoder text = clip_text(vocab = 20, dim = 8, layers = 3, heads = 2, length = 6, outputs = 4)
  let score = text.latent |> linear(1)
  ${group}
  loss mean(score)
}
train {
  ${train}
}
`;
  const { spec, diagnostics } = compileSpec(createSource("m.vlm", text), new SpecLibrary("specs/std", "m.vlm"));
  if (spec === null) throw new Error(diagnostics.map(({ message }) => message).join());
  const known = { ...spec.settings.schedule, stepsPerEpoch };
  return lengthWarnings(spec, known, steps, "m.vlm").map(({ code, message }) => `${code} ${message}`);
}

test("a warm-up as long as the training is said, in steps, in epochs and as the sum of both", () => {
  expect(said("schedule = cosine(warmup = 8)", 8)).toEqual([
    "E607 `warmup = 8` is not less than the steps of the training, which has 8",
  ]);
  expect(said("schedule = linear(warmup_epochs = 3)", 12)).toEqual([
    "E607 the warm-up has 12 steps (`warmup_epochs = 3`), not less than the training, which has 12",
  ]);
  expect(said("schedule = cosine(warmup = 5, warmup_epochs = 1)", 9)).toHaveLength(1);
  expect(said("schedule = cosine(warmup = 5, warmup_epochs = 1)", 10)).toEqual([]);
  expect(said("", 1)).toEqual([]);
});

test("what was reported of the steps that a spec sets is not said twice, and other steps than these are", () => {
  expect(said("schedule = cosine(warmup = 8), steps = 8", 8)).toEqual([]);
  expect(said("schedule = cosine(warmup = 8), steps = 100", 8)).toHaveLength(1);
  expect(said("ema = 0.999, steps = 8", 8)).toEqual([]);
  expect(said("ema = 0.95, steps = 100", 8)).toHaveLength(1);
});

test("an average that is mostly first values in the end is said, with the share that they have", () => {
  expect(said("ema = 0.999", 100)).toEqual([
    "E436 `ema = 0.999` is too slow for 100 steps: in the end 90.5 % of the average is first values",
  ]);
  expect(said("ema = 0.999", 693)).toEqual([]);
  expect(said("ema = 0.999", 692)).toHaveLength(1);
});

test("a group that is frozen through the whole training is said once", () => {
  expect(said("", 8, "group text { frozen_epochs = 2 }")).toEqual([
    "E435 a group is frozen for 8 steps (`frozen_epochs = 2`), not less than the training, which has 8",
  ]);
  expect(said("", 9, "group text { frozen_epochs = 2 }")).toEqual([]);
  expect(said("", 9, "group text { frozen_steps = 9 }")).toEqual([
    "E435 `frozen_steps = 9` is not less than the steps of the training, which has 9",
  ]);
});
