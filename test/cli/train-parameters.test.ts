import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import type { SentTensor } from "../../runtime/backends/onnx/messages.ts";
import { decodeScores } from "../../runtime/evaluate/index.ts";
import { generator } from "../../runtime/random.ts";
import { countOf } from "../../runtime/weights/index.ts";
import { apart, manifestOf, ServedProgram } from "../onnx/served-model.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
// The rate may not depend on the number of steps, which a run that is resumed has other ones of.
small.specWith("steady.vlm", "  schedule = cosine(warmup = 2)\n", "  ema = 0.8\n");

/** Adapters of matrices, of a table and of a stack that the model holds itself, and trained keys and values of a whole encoder. */
const specs = {
  parameters: small.write(
    "parameters.vlm",
    `
import "./steady"
import "std/lora_parameter"

model parameters amends tiny {
  param mixtures: f32[2, 8, 8] = normal(0.3)
  let mixed = einsum("bd,edf->bf", image, mixtures) + image |> l2_normalize
  add freeze mixtures
  lora_parameter(rank = 2, alpha = 4) on mixtures, vision.attn.qkv.weight, text.embeddings.places.weight
  loss contrastive(mixed, report, scale)
}

eval amends {
  image = mixed
}
`,
  ),
  prefix: small.write(
    "prefix.vlm",
    `
import "./steady"
import "std/prefix"

model prefixed amends tiny {
  remove lora
  prefix(tokens = 3) on text
}
`,
  ),
};
const kinds = ["parameters", "prefix"] as const;
const weights = (kind: keyof typeof specs): readonly string[] => ["--weights", small.path(`${kind}.safetensors`)];

async function expectDone(commandLine: readonly string[]) {
  const ended = await runHere(commandLine);
  expect({ code: ended.code, err: ended.err }).toMatchObject({ code: 0 });
  return ended;
}

async function expectRun(command: "train" | "eval", kind: keyof typeof specs, ...more: readonly string[]) {
  return expectDone(small.arguments(command, ...weights(kind), ...more).with(1, specs[kind]));
}

/** Values for what a program takes besides adapters. */
function inputsOf(folder: string, program: string): ReadonlyMap<string, SentTensor> {
  const random = generator(5);
  const { inputs = [] } = manifestOf(folder).base.programs[program] ?? {};
  return new Map(
    inputs.map(({ name, type, shape: sizes }): readonly [string, SentTensor] => {
      const shape = sizes.map(Number);
      const values = Array.from({ length: countOf(shape) }, random);
      if (type === "float32") return [name, { dtype: type, shape, data: Float32Array.from(values) }];
      const most = name === "attention_mask" ? 1 : 9;
      return [name, { dtype: "int32", shape, data: Int32Array.from(values, (each) => Math.ceil(each * most)) }];
    }),
  );
}

beforeAll(async () => {
  prepareProgram();
  for (const kind of kinds) await expectDone(["run", specs[kind], "init", "-o", small.path(`${kind}.safetensors`)]);
});

describe.each(backends)("on %s", (backend) => {
  test.each(kinds)("a run with %s is resumed bit by bit, and evaluated as it was in training", async (kind) => {
    const [straight, resumed] = [small.path(`${kind}-${backend}`), small.path(`${kind}-${backend}-resumed`)];
    const on = ["--backend", backend];
    await expectRun("train", kind, ...on, "-o", straight, "--steps", "2");
    await expectRun("train", kind, ...on, "-o", resumed, "--steps", "1");
    await expectRun("train", kind, ...on, "-o", resumed, "--steps", "2", "--resume");
    const bytes = (folder: string, file: string): Buffer => readFileSync(join(folder, file));
    for (const file of ["adapter.safetensors", "adapter-ema.safetensors"])
      expect(bytes(resumed, file).equals(bytes(straight, file))).toBe(true);
    const results = small.path(`${kind}-${backend}-results`);
    await expectRun("eval", kind, ...on, "--adapter", straight, "-o", results);
    const kept = decodeScores(bytes(straight, "evaluations/step-00000002.json").toString());
    const rows = bytes(results, "scores.csv").toString().trimEnd().split("\n").slice(1);
    expect(rows).toHaveLength(6);
    for (const [row, line] of rows.entries()) {
      for (const [column, score] of line.split(",").slice(1).map(Number).entries())
        expect(Math.abs(score - (kept?.scores[row]?.[column] ?? Number.NaN))).toBeLessThan(1e-6);
    }
  });
});

describe("exported", () => {
  const run = (kind: keyof typeof specs): string => small.path(`${kind}-onnx`);
  const given = (kind: keyof typeof specs): readonly string[] => [...weights(kind), "--adapter", run(kind)];
  const servedBy = (kind: keyof typeof specs): string => small.path(`${kind}-served`);

  beforeAll(async () => {
    for (const kind of kinds) {
      const served = [...weights(kind), "--serve", `tuned=${run(kind)}`];
      await expectDone(["export", specs[kind], "--onnx", servedBy(kind), ...served]);
    }
  });

  async function exported(kind: keyof typeof specs, ...options: readonly string[]): Promise<string> {
    const to = small.path(`${kind}${options.join("")}`);
    await expectDone(["export", specs[kind], "--onnx", to, ...options, ...given(kind)]);
    return to;
  }

  test.each([
    ["parameters", []],
    ["parameters", ["--merge"]],
    ["prefix", []],
  ] as const)("%s give the latents of the run: %j", async (kind, options) => {
    const models = await exported(kind, ...options);
    const { out } = await expectRun("eval", kind, "--adapter", run(kind), "--onnx", models);
    expect(out).toMatch(/cosines of latents of .*: mean 1\.0000000, least (?:1\.0000000|0\.9999999)\n/);
  });

  test("weights with adapters of parameters in them are a model without any", async () => {
    const merged = small.path("merged.safetensors");
    await expectDone(["export", specs.parameters, "--safetensors", merged, "--merge", ...given("parameters")]);
    const [whole, plain] = [small.path("whole.onnx"), small.path("plain.onnx")];
    const program = ["--program", "encode_image"];
    await expectDone(["export", specs.parameters, "--onnx", whole, ...program, ...given("parameters")]);
    const placed = /^ {2}lora_parameter.*$/m;
    const without = readFileSync(specs.parameters, "utf8").replace(placed, "  remove lora");
    const spec = small.write("without.vlm", without);
    await expectDone(["export", spec, "--onnx", plain, ...program, "--weights", merged]);
    const inputs = inputsOf(servedBy("parameters"), "encode_image");
    const [one, other] = await Promise.all([whole, plain].map((path) => latentsOf(path, inputs)));
    expect(apart(one ?? [], other ?? [])).toBeLessThan(1e-6);
  });

  test("a prefix has no weight to be merged into, which is said", async () => {
    const merged = small.path("prefix-merged");
    const { code, err } = await runHere([
      "export",
      specs.prefix,
      "--safetensors",
      merged,
      "--merge",
      ...given("prefix"),
    ]);
    expect(code).toBe(1);
    expect(err).toContain("no weight of the model has room for `prefix(tokens = 3) on text`");
  });

  test.each([
    ["parameters", "encode_image"],
    ["parameters", "encode_text"],
    ["prefix", "encode_text"],
  ] as const)("%s are served by name: %s", async (kind, name) => {
    const inputs = inputsOf(servedBy(kind), name);
    const program = await ServedProgram.open(servedBy(kind), name);
    const tuned = await program.run("tuned", inputs, "latent");
    // No values of a prefix are those of a model without one.
    expect(Object.keys(manifestOf(servedBy(kind)).adapters)).toEqual(kind === "prefix" ? ["tuned"] : ["base", "tuned"]);
    if (kind !== "prefix") expect(apart(tuned, await program.run("base", inputs, "latent"))).toBeGreaterThan(1e-4);
    await program.dispose();
    const alone = await latentsOf(join(await exported(kind), `${name}.onnx`), inputs);
    expect(apart(tuned, alone)).toBeLessThan(1e-6);
  });
});

async function latentsOf(path: string, inputs: ReadonlyMap<string, SentTensor>): Promise<Float32Array> {
  const session = await OnnxSession.load(path);
  const results = await session.run(inputs, ["latent"]);
  await session.dispose();
  return Float32Array.from(results.get("latent")?.data ?? []);
}
