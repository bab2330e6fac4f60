import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeScores } from "../../runtime/evaluate/index.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining } from "./small-training.ts";

const small = new SmallTraining();

/** The volume is to be closer to the right one of each class's two prompts, which all volumes share; reports are not read. */
const spec = small.write(
  "prompts.vlm",
  `
import "./tiny"

model prompted amends tiny {
  input labels: f32[batch, 2] = table(columns = classes)
  input prompt_ids: i32[4, 24] = prompts()
  input prompt_mask: i32[4, 24] = mask(prompt_ids)
  encoder text = bert(
    vocab = 180, dim = 16, layers = 1, heads = 2, ff = 32, positions = 32, length = 24,
    input_ids = prompt_ids, attention_mask = prompt_mask
  )
  let closeness = rearrange(scale * matmul(image, report, transpose_b = true), "b (c p) -> b c p", p = 2)
  let truth = rearrange(labels, "b c -> b c 1")
  lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v
  loss mean(pow(softmax(closeness, axis = -1) - concat([truth, 1 - truth], axis = 2), 2))
}

eval amends {
  classes = ["Cardiomegaly", "Emphysema"]
}
`,
);
rmSync(join(small.data, "train_reports.csv"));

beforeAll(prepareProgram);

function train(backend: string, folder: string, ...more: readonly string[]) {
  return runHere(small.arguments("train", "--backend", backend, "-o", folder, ...more).with(1, spec));
}

function lossesOf(folder: string): readonly number[] {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => Number(/"loss":([^,]+)/.exec(line)?.[1]));
}

describe.each(backends)("prompts as inputs, on %s", (backend) => {
  const folder = small.path(`prompts-${backend}`);
  const scores = small.path(`scores-${backend}`);

  test("a model learns from them, and is evaluated by them", async () => {
    const { code, err } = await train(backend, folder);
    expect({ code, err }).toMatchObject({ code: 0 });
    const losses = lossesOf(folder);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    const options = ["--adapter", folder, "--backend", backend, "-o", scores];
    const evaluated = await runHere(small.arguments("eval", ...options).with(1, spec));
    expect(evaluated).toMatchObject({ code: 0 });
    const kept = decodeScores(readFileSync(join(folder, "evaluations/step-00000012.json"), "utf8"));
    const rows = readFileSync(join(scores, "scores.csv"), "utf8").trimEnd().split("\n").slice(1);
    expect(rows).toHaveLength(6);
    for (const [row, line] of rows.entries()) {
      for (const [column, score] of line.split(",").slice(1).map(Number).entries())
        expect(Math.abs(score - (kept?.scores[row]?.[column] ?? Number.NaN))).toBeLessThan(1e-6);
    }
  });

  test("in micro-batches they are the same", async () => {
    const whole = small.path(`whole-${backend}`);
    expect(await train(backend, whole, "--set", "train.micro_batch=4")).toMatchObject({ code: 0 });
    for (const [step, loss] of lossesOf(whole).entries())
      expect(Math.abs(loss - (lossesOf(folder)[step] ?? 0))).toBeLessThan(1e-5);
  });
});
