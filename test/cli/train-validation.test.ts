import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeStepEvaluation } from "../../runtime/evaluate/index.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

/** A classifier: it has no text, and no `eval` block. */
const classifier = small.write(
  "classifier.vlm",
  `import "std/bce"
import "specs/ctclip/ctvit"
import "std/heads"
import "std/linear"

model classifier {
  input labels: f32[batch, 2] = table(columns = ["Medical material", "Cardiomegaly"])
  encoder vision = ctvit(volume = [4, 12, 12], patch = [2, 6, 6], dim = 16, heads = 2, dim_head = 8, spatial_depth = 1,
    temporal_depth = 1, codebook = 16)
  let logits = vision.tokens |> mean(axis = time) |> flatten |> linear(2)
  freeze vision
  loss bce(logits, labels)
  metric right = mean(cast((logits > 0) == (labels > 0.5), f32))
}

train {
  optimizer = adamw(lr = 0.3)
  batch = 4
  evaluate_every = 1
  keep_best = loss
  ema = 0.5
}

data {
  spacing = [90, 30, 30]
  size = [4, 12, 12]
}
`,
);

async function train(spec: string, folder: string, ...more: readonly string[]) {
  const [, , ...rest] = small.arguments("train", "-o", folder, ...more);
  return runHere(["train", spec, ...rest]);
}

/** The evaluations of a run: steps and what was measured. */
function evaluationsOf(folder: string) {
  return readdirSync(join(folder, "evaluations")).map((name) => {
    const kept = decodeStepEvaluation(readFileSync(join(folder, "evaluations", name), "utf8"));
    if (kept === null) throw new Error(`${name} can be read`);
    return { step: Number(/\d+/.exec(name)?.[0]), ...kept };
  });
}

describe.each(backends)("on %s", (backend) => {
  const folder = small.path(`classifier-${backend}`);

  test("a model without an `eval` block has a validation loss, by which the best checkpoint is kept", async () => {
    const { code, out, err } = await train(classifier, folder, "--steps", "7", "--backend", backend);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toContain("no zero-shot evaluation: the `eval` block does not set `image`");
    expect(err).toMatch(/step 7: validation loss \S+ on 6 held-out volumes\n/);
    expect(out).toMatch(/^validation loss \S+\n/);
    const found = evaluationsOf(folder);
    expect(found.map(({ step, scores }) => [step, scores])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((step) => [step, null]),
    );
    expect(found.map(({ loss }) => [loss?.examples, [...(loss?.values.keys() ?? [])]])).toEqual(
      found.map(() => [6, ["loss", "right"]]),
    );
    const losses = found.map(({ loss }) => loss?.values.get("loss") ?? Number.NaN);
    const best = losses.indexOf(Math.min(...losses));
    // The three last ones are kept, and the best, which is before them.
    const kept = [...new Set([best, 5, 6, 7])].map((step) => `step-${String(step).padStart(8, "0")}`);
    expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual(kept.sort());
    const state = readFileSync(join(folder, "checkpoints", "step-00000007", "state.json"), "utf8");
    expect(state).toContain(`"best": {\n    "step": ${best},\n    "metric": ${losses[best]}\n  }`);
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain('<span class="key held-out">held-out</span>');
  });

  test("a run that goes on measures the same, to the bit, and nothing twice", async () => {
    const resumed = small.path(`resumed-${backend}`);
    expect((await train(classifier, resumed, "--steps", "3", "--backend", backend)).code).toBe(0);
    const { code, err } = await train(classifier, resumed, "--steps", "7", "--backend", backend, "--resume");
    expect(code).toBe(0);
    expect(err.match(/^step \d+: validation/gm)).toEqual([4, 5, 6, 7].map((step) => `step ${step}: validation`));
    expect(evaluationsOf(resumed)).toEqual(evaluationsOf(folder));
  });
});

test("a held-out volume without a report is scored by prompts, and left out of the loss", async () => {
  const data = small.copyOfData();
  const path = join(data, "validation_reports.csv");
  const [header = "", ...rows] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [header, ...rows.slice(1)].join("\n"));
  const folder = small.path("without-report");
  const { code, err } = await train(small.spec, folder, "--steps", "1", "--data", data, "--set", "train.patience=9");
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(err).toMatch(/note: not in the validation loss: .*valid_1_a_1/);
  expect(err).toMatch(/step 1: mean AUROC \S+ on 6 held-out volumes, validation loss \S+ on 5 held-out volumes\n/);
  expect(evaluationsOf(folder).map(({ scores, loss }) => [scores?.names.length, loss?.examples])).toEqual([
    [6, 5],
    [6, 5],
  ]);
});

test("without labels to score, the best checkpoint is told by the loss, which is said", async () => {
  const data = small.copyOfData();
  for (const name of ["train_predicted_labels.csv", "valid_predicted_labels.csv"]) rmSync(join(data, name));
  const folder = small.path("without-labels");
  const { code, err } = await train(small.spec, folder, "--steps", "1", "--data", data);
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(err).toContain("the best checkpoint is told by `loss`, since there is no `mean_auroc` on these data");
  const lossesOf = (run: string) => evaluationsOf(run).map(({ loss }) => loss?.values.get("loss") ?? Number.NaN);
  const [before, after] = lossesOf(folder);
  const state = readFileSync(join(folder, "checkpoints", "step-00000001", "state.json"), "utf8");
  expect(state).toContain(`"metric": ${Math.min(before ?? Number.NaN, after ?? Number.NaN)}`);
  // With labels, volumes are encoded to be scored, and the loss is of these encodings.
  const labelled = small.path("with-labels");
  expect((await train(small.spec, labelled, "--steps", "1")).code).toBe(0);
  for (const [place, loss] of lossesOf(labelled).entries())
    expect(Math.abs(loss - ([before, after][place] ?? Number.NaN))).toBeLessThan(1e-5);
});
