import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../runtime/weights/index.ts";
import { floats, tensorOf } from "../parity/peft-fixture.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const training = new SmallTraining();
beforeAll(prepareProgram);

const placed = "lora(rank = 4, alpha = 8, dropout = 0.1) on vision.attn.qkv, text.attn.q,v, heads.image";

/** The options of a command that reads the data set. */
function read(spec: string, ...more: readonly string[]): readonly string[] {
  return [
    spec,
    "--data",
    training.data,
    "--cache",
    training.path("cache"),
    "--workers",
    "1",
    "--backend",
    "onnx",
    ...more,
  ];
}

async function start(spec: string, name: string, ...more: readonly string[]) {
  const file = training.path(`${name}.safetensors`);
  return { file, ...(await runHere(["adapter", "start", ...read(spec, "-o", file, ...more)])) };
}

async function train(spec: string, name: string, steps: number, ...more: readonly string[]) {
  const folder = training.path(name);
  const { code, err } = await runHere(["train", ...read(spec, "-o", folder, "--steps", `${steps}`, ...more)]);
  expect([code, code === 0 ? "" : err]).toEqual([0, ""]);
  const [first = "{}"] = readFileSync(`${folder}/metrics.jsonl`, "utf8").split("\n");
  const parsed: unknown = JSON.parse(first);
  return { folder, loss: parsed instanceof Object && "loss" in parsed ? parsed.loss : null };
}

/** The spec without dropout, which would be the only thing that differs, with other placements. */
function specWith(name: string, line: string, library = "lora"): string {
  const text = readFileSync(training.spec, "utf8").replace(placed, line);
  return training.write(name, text.replace('import "std/lora"', `import "std/lora"\nimport "std/${library}"`));
}

const bytesOf = (folder: string): Buffer => readFileSync(`${folder}/adapter.safetensors`);

test("a training starts from the directions, with the loss of the model, and is resumed to the same bits", async () => {
  const spec = training.spec;
  const { file, code, out, err } = await start(spec, "start");
  expect([code, err]).toEqual([0, expect.stringContaining("warning: no --weights: ")]);
  expect(out).toMatch(/heads\.image +4 +\d+\.\d+ %/);
  expect(out).toContain("14 tensors, 4.63 KiB, of 2 batches");
  const again = await start(spec, "again");
  expect(readFileSync(again.file).equals(readFileSync(file))).toBe(true);
  const plain = await train(spec, "plain", 1);
  const started = await train(spec, "started", 4, "--adapter", file);
  expect(started.loss).toBe(plain.loss);
  await train(spec, "resumed", 2, "--adapter", file);
  const resumed = await train(spec, "resumed", 4, "--adapter", file, "--resume");
  expect(bytesOf(resumed.folder).equals(bytesOf(started.folder))).toBe(true);
  const longer = await train(spec, "longer", 4);
  expect(bytesOf(longer.folder).equals(bytesOf(started.folder))).toBe(false);
});

test("with --rho the file has the ranks of the variant that is written beside it, which trains from it", async () => {
  const { file, code, out } = await start(training.spec, "ranks", "--rho", "1.5");
  expect(code).toBe(0);
  const lines = out.split("\n").filter((line) => line.includes("lora(rank = "));
  const ranks = lines.map((line) => Number(/rank = (\d+)/.exec(line)?.[1]));
  expect(new Set(ranks).size).toBeGreaterThan(1);
  expect(ranks.every((rank) => rank <= 6)).toBe(true);
  expect(lines.every((line, place) => line.includes(`alpha = ${2 * (ranks[place] ?? 0)}, dropout = 0.1)`))).toBe(true);
  const variant = training.path("ranks.vlm");
  expect(out).toContain(`in ${file}, for ${variant}`);
  const plain = await train(variant, "ranks-plain", 1);
  const started = await train(variant, "ranks-started", 1, "--adapter", file);
  expect(started.loss).toBe(plain.loss);
  expect(readSafetensors(file, readFileSync(file)).size).toBeLessThanOrEqual(14);
  const whitened = await start(training.spec, "white", "--whiten");
  expect(whitened.code).toBe(0);
  const down = (path: string) => {
    const tensors = readSafetensors(path, readFileSync(path));
    return floats(tensorOf(tensors, "text.encoder.layer.0.attention.self.query.lora_A.weight"));
  };
  const plainRows = await start(training.spec, "unwhitened");
  const quotient = (down(whitened.file)[0] ?? 0) / (down(plainRows.file)[0] ?? 0);
  for (let place = 0; place < 8; place++)
    expect((down(whitened.file)[place] ?? 0) / (down(plainRows.file)[place] ?? 0)).toBeCloseTo(quotient, 4);
  expect(quotient).not.toBeCloseTo(1, 3);
});

describe("first values from data", () => {
  test("are orthonormal rows and zeros, the same for modules that read the same", async () => {
    const { file } = await start(training.spec, "rows");
    const tensors = readSafetensors(file, readFileSync(file));
    for (const [name, tensor] of tensors) {
      const values = floats(tensor);
      if (name.endsWith("lora_B.weight")) expect(values.every((value) => value === 0)).toBe(true);
      else {
        const [rank = 0, width = 0] = tensor.shape;
        for (let one = 0; one < rank; one++)
          for (let two = 0; two < rank; two++) {
            const row = (index: number) => values.subarray(index * width, (index + 1) * width);
            const product = row(one).reduce((sum, value, at) => sum + value * (row(two)[at] ?? Number.NaN), 0);
            expect(product).toBeCloseTo(one === two ? 1 : 0, 5);
          }
      }
    }
    const down = (module: string) =>
      floats(tensorOf(tensors, `text.encoder.layer.0.attention.self.${module}.lora_A.weight`));
    expect(down("query")).toEqual(down("value"));
  });

  test.each([
    ["DoRA", "dora(rank = 4) on vision.attn.qkv, text.attn.q,v", "dora"],
    ["LoRA-FA", "lora_fa(rank = 4) on text.attn.q,v", "lora_fa"],
    ["an orthogonal start", 'lora(rank = 4, start = "orthogonal") on text.attn.q,v, heads.image', "dora"],
    ["ranks by layer, beside PiSSA", "lora(rank = 3) on text.attn.q,v\n  pissa(rank = 2) on vision.attn.qkv", "pissa"],
  ])("are there for %s, and change nothing before the first step", async (name, line, library) => {
    const spec = specWith(`${library}-${line.length}.vlm`, line, library);
    const { file, code, err } = await start(spec, `${library}-${line.length}`);
    expect(code, err).toBe(0);
    expect(err.includes("keep their usual first values")).toBe(library === "pissa");
    const plain = await train(spec, `plain-${line.length}`, 1);
    const started = await train(spec, `started-${line.length}`, 1, "--adapter", file);
    expect(started.loss, name).toBeCloseTo(Number(plain.loss), 5);
  });
});

describe("first values from data are refused", () => {
  test("of fewer rows than the rank", async () => {
    const spec = specWith("high.vlm", "lora(rank = 8) on heads.image");
    const { code, err } = await start(spec, "high", "--batches", "1");
    expect(code).toBe(1);
    expect(err).toContain("`heads.image` reads 4 rows in 1 batch, fewer than its rank 8");
    // A batch more is enough rows, though not for 8 directions of them to be told.
    const enough = await start(spec, "enough", "--batches", "2");
    expect([enough.code, enough.err]).toEqual([
      0,
      expect.stringContaining(
        "the inputs of `heads.image` vary along 7 directions: others of its rank 8 are arbitrary",
      ),
    ]);
  });

  test("of a spec without LoRA on a linear module, and without data", async () => {
    const spec = specWith("pissa.vlm", "pissa(rank = 2) on vision.attn.qkv", "pissa");
    const { code, err } = await start(spec, "pissa");
    expect([code, err]).toEqual([1, expect.stringContaining("has no low-rank adapter on a linear module")]);
    const other = `adapter twice(rank: int) wraps base: linear {
  peft LORA(r = 2 * rank, lora_alpha = rank)
  param down: f32[rank, base.inputs] = uniform(1) named "lora_A.weight"
  param up: f32[base.outputs, rank] = zeros named "lora_B.weight"
  forward(x: f32[..., base.inputs]) {
    return base(x) + matmul(matmul(x, down, transpose_b = true), up, transpose_b = true)
  }
}
`;
    const text = readFileSync(specWith("twice.vlm", "twice(rank = 2) on vision.attn.qkv"), "utf8");
    const twice = await start(training.write("twice.vlm", text.replace("\nmodel ", `\n${other}\nmodel `)), "twice");
    const why =
      "linear module: of `twice(rank = 2) on vision.attn.qkv`, its `peft` clause says `r` 4, but it computes `r` 2";
    expect([twice.code, twice.err]).toEqual([1, expect.stringContaining(why)]);
    const without = await runHere(["adapter", "start", training.spec, "-o", training.path("none.safetensors")]);
    expect([without.code, without.err]).toEqual([1, expect.stringContaining("no training data specified")]);
  });
});

test("first values from fewer batches than they need are warned of", async () => {
  const { code, err } = await start(training.spec, "few", "--batches", "1");
  expect([code, err]).toEqual([
    0,
    expect.stringMatching(/warning: `.+` and 6 more had not converged after 1 batch: raise --batches/),
  ]);
});
