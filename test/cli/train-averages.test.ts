import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { prepareProgram, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const training = new SmallTraining();
beforeAll(prepareProgram);

/** Trains the spec `name`, with what it says about training replaced. */
async function trainWith(name: string, settings: string, ...more: readonly string[]) {
  const spec = training.specWith(`${name}.vlm`, "schedule = cosine(warmup = 2)", settings);
  const [, , ...rest] = training.arguments("train", ...more);
  return { spec, ...(await runHere(["train", spec, ...rest])) };
}

const bytes = (...path: readonly string[]): Buffer => readFileSync(join(...path));

test("averages are resumed to the bit, saved beside what is trained, and evaluated unless its file is named", async () => {
  const straight = training.path("straight");
  const resumed = training.path("resumed");
  const whole = await trainWith("averaged", "ema = 0.8", "-o", straight, "--steps", "9");
  expect(whole.code).toBe(0);
  expect((await trainWith("averaged", "ema = 0.8", "-o", resumed, "--steps", "4")).code).toBe(0);
  expect((await trainWith("averaged", "ema = 0.8", "-o", resumed, "--steps", "9", "--resume")).code).toBe(0);
  for (const file of ["adapter.safetensors", "adapter-ema.safetensors"]) {
    expect(bytes(resumed, file).equals(bytes(straight, file))).toBe(true);
  }
  expect(bytes(straight, "adapter.safetensors").equals(bytes(straight, "adapter-ema.safetensors"))).toBe(false);

  const evaluate = async (
    adapter: string,
    name: string,
  ): Promise<{ readonly err: string; readonly scores: string }> => {
    const output = training.path(name);
    const [, , ...rest] = training.arguments("eval", "--adapter", adapter, "-o", output);
    const { code, err } = await runHere(["eval", whole.spec, ...rest]);
    expect(code).toBe(0);
    return { err, scores: bytes(output, "scores.csv").toString() };
  };
  const ofFolder = await evaluate(straight, "of-folder");
  const ofAverages = await evaluate(join(straight, "adapter-ema.safetensors"), "of-averages");
  const ofLastStep = await evaluate(join(straight, "adapter.safetensors"), "of-last-step");
  expect(ofFolder.err).toContain(`taking the averages, ${join(straight, "adapter-ema.safetensors")}`);
  expect(ofAverages.err).not.toContain("taking the averages");
  expect(ofFolder.scores).toBe(ofAverages.scores);
  expect(ofFolder.scores).not.toBe(ofLastStep.scores);
});

test("a training ends when its evaluations become no better, and says where the best one is", async () => {
  const settings = "schedule = constant()\n  keep_best = accuracy\n  patience = 2";
  const spec = training.specWith("patient.vlm", "schedule = cosine(warmup = 2)", settings);
  const [, , ...rest] = training.arguments(
    "train",
    "-o",
    training.path("patient"),
    "--set",
    "train.optimizer.lr=1e-30",
  );
  const { code, out, err } = await runHere(["train", spec, ...rest, "--set", "train.evaluate_every=3"]);
  expect(code).toBe(0);
  const best = join(training.path("patient"), "checkpoints");
  expect(`${out}${err}`).toContain("stopped early, after step 6 of 12: `accuracy` was best at step 0");
  expect(`${out}${err}`).toContain(`2 evaluations ago; that checkpoint is ${best}`);
});
