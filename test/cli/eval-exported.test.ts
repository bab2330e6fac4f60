import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
/** With latents so wide that their projections are stored in 8 bits. */
const spec = small.write("wide.vlm", readFileSync(small.spec, "utf8").replaceAll("linear(8,", "linear(64,"));
const [run, first] = [small.path("run"), small.path("first.safetensors")];
const weights = ["--weights", first, "--adapter", run];

function given(...words: Parameters<SmallTraining["arguments"]>): readonly string[] {
  return small.arguments(...words).with(1, spec);
}

async function expectDone(commandLine: readonly string[]) {
  const ended = await runHere(commandLine);
  expect(ended).toMatchObject({ code: 0 });
  return ended;
}

async function exported(name: string, ...options: readonly string[]): Promise<string> {
  const folder = small.path(name);
  await expectDone(["export", spec, "--onnx", folder, ...weights, ...options]);
  return folder;
}

function scoresIn(folder: string): readonly number[] {
  const [, ...rows] = readFileSync(join(folder, "scores.csv"), "utf8").trimEnd().split("\n");
  return rows.flatMap((row) => row.split(",").slice(1).map(Number));
}

beforeAll(async () => {
  prepareProgram();
  await expectDone(["run", spec, "init", "-o", first]);
  await expectDone(given("train", "--weights", first, "--steps", "4", "-o", run));
});

describe("eval --onnx", () => {
  test.each([
    ["as they are", []],
    ["for another batch", ["--batch", "4"]],
    ["for any batch", ["--dynamic-batch", "--merge"]],
  ])("gives exported models the scores of their weights, %s", async (name, options) => {
    const folder = await exported(name.replaceAll(" ", "-"), ...options);
    const output = small.path(`results-${name}`);
    const { out } = await expectDone(given("eval", ...weights, "--onnx", folder, "-o", output));
    expect(out).toMatch(/cosines of latents of .* and run: mean 1\.0000000, least 1\.0000000\n/);
    const [own, theirs] = ["run", name.replaceAll(" ", "-")].map((label) => scoresIn(join(output, label)));
    expect(theirs?.length).toBeGreaterThan(0);
    for (const [place, score] of (theirs ?? []).entries())
      expect(Math.abs(score - at(own ?? [], place))).toBeLessThan(1e-5);
  });

  test("measures what 8 bits lose, which the card then has", async () => {
    const folder = await exported("int8", "--int8", "--merge");
    const output = small.path("results-int8");
    const { out } = await expectDone(given("eval", ...weights, "--onnx", folder, "-o", output));
    const [, mean, least] = /cosines of latents of int8 and run: mean (\d\.\d+), least (\d\.\d+)/.exec(out) ?? [];
    expect(Number(mean)).toBeLessThan(1);
    // Of the few tokens of this model one may take another entry of the codebook.
    expect(Number(least)).toBeGreaterThan(0.8);
    const results = ["--results", join(output, "run"), join(output, "int8")];
    await exported("int8", "--int8", "--merge", ...results);
    const card = readFileSync(join(folder, "README.md"), "utf8");
    expect(card).toContain(`Cosines of latents of int8: mean ${mean}, least ${least}.\n`);
    expect(card).toContain("| AUROC | present | run | int8 | difference | 95 % |");
  });

  test("needs no weights", async () => {
    const folder = await exported("alone");
    const { out, err } = await expectDone(given("eval", "--onnx", folder));
    expect(out).toContain("over all classes");
    expect(err).not.toContain("random");
  });

  test("refuses a folder that lacks a model, and models of another spec", async () => {
    const absent = await runHere(given("eval", "--onnx", small.path("absent")));
    expect(absent.code).toBe(1);
    expect(absent.err).toMatch(/encode_image\.onnx/);
    const other = small.path("other");
    await expectDone(["export", "specs/medct-small.vlm", "--onnx", other]);
    const { code, err } = await runHere(given("eval", "--onnx", other));
    expect(code).toBe(1);
    expect(err).toMatch(/encode_image\.onnx: it takes image as f32\[/);
    expect(err).toContain("export the model of this spec again");
  });
});
