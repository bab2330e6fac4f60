import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
const operations =
  "rotate(degrees = 20), shift(voxels = [1, 1, 1], chance = 0.5), noise, intensity, drop_sentences(chance = 0.3)";
const note = "activations of frozen layers are recomputed in each step, because `augment` changes";
// A constant learning rate, so that a run of fewer steps is the beginning of one of more.
writeFileSync(small.spec, readFileSync(small.spec, "utf8").replace("cosine(warmup = 2)", "constant()"));
const specWith = (name: string, augment: string) =>
  small.specWith(`${name}.vlm`, "data {", `data {\n  augment = [${augment}]\n`);
const train = (spec: string, name: string, ...more: readonly string[]) => {
  const [command, , ...rest] = small.arguments("train", "-o", small.path(name), ...more);
  return runHere([command ?? "", spec, ...rest]);
};
const adapter = (name: string) => readFileSync(join(small.path(name), "adapter.safetensors"));
const scores = (name: string, step: number) =>
  readFileSync(join(small.path(name), `evaluations/step-${String(step).padStart(8, "0")}.json`), "utf8");

beforeAll(prepareProgram);

describe.each(backends)("on %s", (backend) => {
  const on = ["--backend", backend];

  test("a run that is stopped and resumed has the same adapters as one that is not, to the bit", async () => {
    const spec = specWith("augmented", operations);
    const whole = await train(spec, `whole-${backend}`, ...on, "--steps", "7");
    expect({ code: whole.code, err: whole.err }).toMatchObject({ code: 0 });
    expect((await train(spec, `parts-${backend}`, ...on, "--steps", "3")).code).toBe(0);
    expect(adapter(`parts-${backend}`).equals(adapter(`whole-${backend}`))).toBe(false);
    // Another number of threads, and nothing that was read before.
    const more = ["--steps", "7", "--resume", "--workers", "2", "--cache", small.path(`other-cache-${backend}`)];
    expect((await train(spec, `parts-${backend}`, ...on, ...more)).code).toBe(0);
    expect(adapter(`parts-${backend}`).equals(adapter(`whole-${backend}`))).toBe(true);
  });

  test("examples are changed in training and never in evaluation", async () => {
    const plain = await train(small.spec, `plain-${backend}`, ...on, "--steps", "2");
    expect({ code: plain.code, err: plain.err }).toMatchObject({ code: 0 });
    for (const operation of ["noise(std = 0.5)", "drop_sentences(chance = 0.9)"]) {
      const name = `changed-${backend}-${operation.slice(0, 4)}`;
      expect((await train(specWith(name, operation), name, ...on, "--steps", "2")).code).toBe(0);
      expect(adapter(name).equals(adapter(`plain-${backend}`))).toBe(false);
      // Before the first step the weights are the same, so that only what is evaluated could differ.
      expect(scores(name, 0)).toBe(scores(`plain-${backend}`, 0));
      const evaluated = await runHere(
        small.arguments("eval", ...on, "--adapter", small.path(`plain-${backend}`), "-o", small.path(`eval-${name}`)),
      );
      expect(evaluated.code).toBe(0);
    }
  });
});

test("the cache has volumes as they were, one for each", async () => {
  const cache = small.path("own-cache");
  const entries = () => readdirSync(cache).filter((name) => name.endsWith(".volume"));
  expect((await train(specWith("noisy", "noise"), "noisy", "--steps", "4", "--cache", cache)).code).toBe(0);
  // Eight to train on and six held out, each of them in two steps or evaluations.
  const kept = entries();
  expect(kept).toHaveLength(14);
  expect((await train(small.spec, "quiet", "--steps", "4", "--cache", cache)).code).toBe(0);
  expect(entries()).toEqual(kept);
});

test("activations of frozen layers are not kept where what they read is changed, and that is said", async () => {
  const placed = "on vision.attn.qkv, text.attn.q,v, heads.image";
  const said = async (name: string, to: string, augment: string): Promise<string> => {
    const spec = specWith(name, augment);
    writeFileSync(spec, readFileSync(spec, "utf8").replace(placed, to));
    const { code, err } = await train(spec, name, "--steps", "5");
    expect({ code, err }).toMatchObject({ code: 0 });
    return err;
  };
  expect(await said("volumes", "on text.attn.q,v", "noise")).toContain(`${note} the volumes that they read`);
  expect(await said("texts", "on heads.image", "shuffle_sentences")).toContain(`${note} the texts that they read`);
  expect(await said("others", "on text.attn.q,v", "shuffle_sentences")).not.toContain(note);
  expect(await said("none", "on heads.image", "")).not.toContain(note);
});

test("flips are refused where reports name a side, unless told", async () => {
  const refused = await train(specWith("flipped", "flip(axis = height)"), "flipped", "--steps", "1");
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/`flip\(axis = height\)` exchanges left and right, .* reports name a side, first train_/);
  // The volumes state their orientation, and so do shards that are made of them.
  const across = specWith("across", "flip(axis = width)");
  expect((await train(across, "across", "--steps", "1")).code).toBe(0);
  const shards = small.path("shards");
  expect((await runHere(["data", "pack", small.data, "-o", shards, "--spec", small.spec])).code).toBe(0);
  expect((await train(across, "across-shards", "--steps", "1", "--data", shards)).code).toBe(0);
  const along = await train(small.path("flipped.vlm"), "along-shards", "--steps", "1", "--data", shards);
  expect(along.err).toContain("`flip(axis = height)` exchanges left and right");
  expect((await train(specWith("told", "flip(axis = height, sides = ignore)"), "told", "--steps", "1")).code).toBe(0);
});

test("an operation that cannot change what the model takes is refused before anything is read", async () => {
  const spec = small.specWith(
    "flat.vlm",
    "size = [4, 12, 12]",
    "size = [1, 12, 12]\n  augment = [rotate(axis = height)]",
  );
  const flat = small.write(
    "flat.vlm",
    readFileSync(spec, "utf8")
      .replace("volume = [4, 12, 12]", "volume = [1, 12, 12]")
      .replace("patch = [2, 6, 6]", "patch = [1, 6, 6]"),
  );
  const { code, err } = await train(flat, "flat", "--steps", "1");
  expect(code).toBe(1);
  expect(err).toContain("`rotate(axis = height)` turns an image out of its plane");
});
