import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { dataFolder, table } from "../data/data-folder.ts";
import { prepareProgram } from "./medctc.ts";
import { runHere } from "./small-training.ts";

const spec = `
import "std/clip_text"
import "std/contrastive"
import "std/heads"
import "std/vit"

model clip_tiny {
  encoder vision = vit(size = 16, patch = 8, dim = 24, layers = 1, heads = 2, outputs = 12) named "visual"
  encoder text = clip_text(vocab = 49408, dim = 16, layers = 1, heads = 2, length = 12, outputs = 12) named "*"
  let image = vision.latent |> l2_normalize
  let caption = text.latent |> l2_normalize
  param logit_scale: f32[] = constant(log(1 / 0.07))
  loss contrastive(image, caption, scale = exp(logit_scale))
}

train {
  batch = 4
  steps = 30
  optimizer = adamw(lr = 1e-2)
  seed = 1
}
`;
const pictures = resolve("test/fixtures/open-clip/images");
const captions = [
  ["rgb.png", "a coloured picture"],
  ["grey.jpg", "a grey picture"],
  ["one-bit.png", "black and white"],
  ["wide.png", "a wide one"],
] as const;

beforeAll(prepareProgram);

test("CLIP trains on pictures with captions from a table, and its loss falls", async () => {
  const files = Object.fromEntries(captions.map(([name]) => [name, readFileSync(join(pictures, name))]));
  const rows = captions.map((cells) => cells.join("\t"));
  const folder = dataFolder({ ...files, "captions.tsv": table("filepath\ttitle", ...rows), "clip.vlm": spec });
  const vocab = resolve("test/fixtures/open-clip/clip_tokenizer.json");
  const data = join(folder, "captions.tsv");
  const run = (...more: readonly string[]) =>
    runHere(["train", join(folder, "clip.vlm"), "--data", data, "--vocab", vocab, "--backend", "onnx", ...more]);
  const trained = await run("-o", join(folder, "run"));
  expect(trained.err).not.toContain("error");
  const lines = readFileSync(join(folder, "run/metrics.jsonl"), "utf8").trim().split("\n");
  const losses = lines.map((line) => Number(/"loss":([^,]+)/.exec(line)?.[1]));
  expect(losses).toHaveLength(30);
  expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));

  writeFileSync(join(folder, "grey.jpg"), "not a picture");
  const refused = await run("-o", join(folder, "other"));
  expect(refused.err).toContain("grey.jpg");
  const checked = await runHere(["data", "check", data, "--spec", join(folder, "clip.vlm")]);
  expect(checked.err).toContain("grey.jpg");
  expect(checked.out).toMatch(/without a problem +3/);
});
