import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { scanTar } from "../../runtime/data/readers/index.ts";
import { dataFolder, table } from "../data/data-folder.ts";
import { prepareProgram, runHere } from "./medctc.ts";

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

const vocab = resolve("test/fixtures/open-clip/clip_tokenizer.json");

/** The losses of a training, step by step. */
function lossesOf(run: string): readonly number[] {
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => Number(/"loss":([^,]+)/.exec(line)?.[1]));
}

/** A table with four pictures and their captions. */
function captioned(more: Readonly<Record<string, string>> = {}): string {
  const files = Object.fromEntries(captions.map(([name]) => [name, readFileSync(join(pictures, name))]));
  const rows = captions.map((cells) => cells.join("\t"));
  return dataFolder({ ...files, "captions.tsv": table("filepath\ttitle", ...rows), "clip.vlm": spec, ...more });
}

test("CLIP trains on pictures with captions from a table, and its loss falls", async () => {
  const folder = captioned();
  const data = join(folder, "captions.tsv");
  const run = (...more: readonly string[]) =>
    runHere(["train", join(folder, "clip.vlm"), "--data", data, "--vocab", vocab, "--backend", "onnx", ...more]);
  const trained = await run("-o", join(folder, "run"));
  expect(trained.err).not.toContain("error");
  const losses = lossesOf(join(folder, "run"));
  expect(losses).toHaveLength(30);
  expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));

  writeFileSync(join(folder, "grey.jpg"), "not a picture");
  const refused = await run("-o", join(folder, "other"));
  expect(refused.err).toContain("grey.jpg");
  const checked = await runHere(["data", "check", data, "--spec", join(folder, "clip.vlm")]);
  expect(checked.err).toContain("grey.jpg");
  expect(checked.out).toMatch(/without a problem +3/);
});

test("CLIP trains on packed pictures as on their own files, and their bytes are the same", async () => {
  const folder = captioned();
  const short = join(folder, "clip.vlm");
  writeFileSync(short, spec.replace("steps = 30", "steps = 3"));
  const shards = join(folder, "shards");
  const packed = await runHere(["data", "pack", join(folder, "captions.tsv"), "-o", shards, "--spec", short]);
  expect(packed.err).not.toContain("error");
  const [shard = ""] = readdirSync(shards).filter((name) => name.endsWith(".tar"));
  const archive = join(shards, shard);
  const scan = scanTar(archive, () => true);
  const members = new Map(scan.kind === "ok" ? scan.value.map(({ name, content }) => [name, content]) : []);
  expect([...members.keys()].filter((name) => !name.endsWith("json")).toSorted()).toEqual(
    ["grey.jpg", "grey.txt", "one-bit.png", "one-bit.txt", "rgb.png", "rgb.txt", "wide.png", "wide.txt"].toSorted(),
  );
  for (const [name, caption] of captions) {
    expect(members.get(name)).toEqual(new Uint8Array(readFileSync(join(pictures, name))));
    expect(Buffer.from(members.get(name.replace(/\..*/, ".txt")) ?? []).toString()).toBe(caption);
  }
  const train = (data: string, run: string) =>
    runHere(["train", short, "--data", data, "--vocab", vocab, "--backend", "onnx", "-o", join(folder, run)]);
  expect((await train(shards, "on-shards")).err).not.toContain("error");
  await train(join(folder, "captions.tsv"), "on-files");
  expect(lossesOf(join(folder, "on-shards"))).toEqual(lossesOf(join(folder, "on-files")));

  // Shards of shards have the same members.
  const again = join(folder, "again");
  await runHere(["data", "pack", shards, "-o", again, "--spec", short]);
  expect(readFileSync(join(again, readdirSync(again).find((name) => name.endsWith(".tar")) ?? ""))).toEqual(
    readFileSync(archive),
  );
  writeFileSync(join(folder, "grey.jpg"), "not a picture");
  const refused = await runHere(["data", "pack", join(folder, "captions.tsv"), "-o", shards, "--spec", short]);
  expect(refused.err).toContain("grey.jpg: it is not a PNG or JPEG file");
});

test("CLIP trains on a shard as img2dataset writes it", async () => {
  const folder = dataFolder({ "clip.vlm": spec.replace("steps = 30", "steps = 12") });
  const data = resolve("test/fixtures/img2dataset");
  const run = ["--vocab", vocab, "--backend", "onnx", "-o", join(folder, "run")];
  const trained = await runHere(["train", join(folder, "clip.vlm"), "--data", data, ...run]);
  expect(trained.err).not.toContain("error");
  const losses = lossesOf(join(folder, "run"));
  expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] ?? 0));
});
