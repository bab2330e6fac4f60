import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import type { SentTensor } from "../../runtime/backends/onnx/messages.ts";
import { elementsOf, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, type Run, runHere } from "../cli/medctc.ts";
import { difference, fixture } from "../parity/ctclip-fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-export-"));
const files = "test/fixtures/ctclip-small";
const given = ["--weights", `${files}/weights.safetensors`, "--adapter", `${files}/lora.safetensors`];
const batch = fixture("batch.safetensors");

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

async function exported(...args: readonly string[]): Promise<Run> {
  return runHere(["export", "specs/medct-small.vlm", ...args]);
}

/** The first rows of the fixture's batch. */
function rowsOf(rows: number): ReadonlyMap<string, SentTensor> {
  return new Map(
    [...batch].map(([name, stored]): readonly [string, SentTensor] => {
      const [all = 1, ...rest] = stored.shape;
      const elements = elementsOf(stored);
      const some = elements.subarray(0, (elements.length / all) * rows);
      const shape = [rows, ...rest];
      return stored.dtype === "I64"
        ? [name, { dtype: "int32", shape, data: Int32Array.from(some) }]
        : [name, { dtype: "float32", shape, data: Float32Array.from(some) }];
    }),
  );
}

async function outputsOf(file: string, outputs: readonly string[], inputs = rowsOf(3)) {
  const session = await OnnxSession.load(file);
  const results = await session.run(inputs, outputs);
  await session.dispose();
  return outputs.map((name) => results.get(name)?.data ?? new Float32Array(0));
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((largest, value, place) => Math.max(largest, Math.abs(value - (b[place] ?? NaN))), 0);
}

describe("export", () => {
  test("writes all programs into a folder, with one file for what is frozen and one for what is trained", async () => {
    const { code, out } = await exported("--onnx", join(folder, "all"), ...given);
    expect(code).toBe(0);
    expect(out).toMatch(/^forward\.onnx, encode_image\.onnx, encode_text\.onnx, step\.onnx in .*: \d+\.\d s\n$/);
    expect(readdirSync(join(folder, "all")).sort()).toEqual([
      "README.md",
      "adapter.data",
      "encode_image.onnx",
      "encode_text.onnx",
      "forward.onnx",
      "step.onnx",
      "weights.data",
    ]);
    expect(statSync(join(folder, "all/adapter.data")).size).toBe(3584 * 4);
  });

  test("the spec's text, its hash and the placements are in the model", () => {
    const model = readFileSync(join(folder, "all/forward.onnx"), "utf8");
    expect(model).toContain(readFileSync("specs/medct-small.vlm", "utf8"));
    expect(model).toMatch(/medctc\.spec_sha256.{1,6}[0-9a-f]{64}/su);
    expect(model).toContain("medctc.placements");
  });

  test("without adapters' weights it is the model without adapters", async () => {
    const file = join(folder, "base.onnx");
    expect((await exported("--onnx", file, ...given.slice(0, 2))).code).toBe(0);
    const [image = [], report = []] = await outputsOf(file, ["image_output", "report"]);
    expect(difference(image, "image_latent")).toBeLessThan(2e-5);
    expect(difference(report, "text_latent")).toBeLessThan(2e-5);
  });

  test("merged is what it is unmerged, within 1e-5", async () => {
    expect((await exported("--onnx", join(folder, "merged"), "--merge", ...given)).code).toBe(0);
    expect(readdirSync(join(folder, "merged"))).not.toContain("adapter.data");
    const names = ["image_output", "report", "loss"];
    const plain = await outputsOf(join(folder, "all/forward.onnx"), names);
    const merged = await outputsOf(join(folder, "merged/forward.onnx"), names);
    for (const [index, values] of plain.entries()) expect(apart(values, merged[index] ?? [])).toBeLessThan(1e-5);
  });

  test("merged says which adapters no weight has room for", async () => {
    const spec = join(folder, "prefixed.vlm");
    const placed =
      "  lora(rank = 4, alpha = 8) on text.attn.q\n  prefix(tokens = 2) on text\n  expect trainable = 768\n";
    const imports = 'import "std/prefix"\nimport "specs/medct-small"\n';
    writeFileSync(spec, `${imports}model prefixed amends medct_small {\n${placed}}\n`);
    const words = ["--onnx", join(folder, "prefixed.onnx"), "--program", "encode_text", "--merge"];
    const { code, err } = await runHere(["export", spec, ...words, ...given.slice(0, 2)]);
    expect({ code, err: err.match(/^note: .* stays .*$/gm) }).toEqual({
      code: 0,
      err: ["note: `prefix(tokens = 2) on text` stays beside the weights, none of which has room for it"],
    });
  });

  test("with a dynamic batch each number of rows gives what a model for it gives", async () => {
    expect((await exported("--onnx", join(folder, "any"), "--dynamic-batch", ...given)).code).toBe(0);
    for (const rows of [1, 2, 3]) {
      const fixed = join(folder, `fixed-${rows}`);
      expect((await exported("--onnx", fixed, "--batch", String(rows), "--program", "forward", ...given)).code).toBe(0);
      const names = ["image_output", "report", "loss"];
      const expected = await outputsOf(join(fixed, "forward.onnx"), names, rowsOf(rows));
      const found = await outputsOf(join(folder, "any/forward.onnx"), names, rowsOf(rows));
      for (const [index, values] of expected.entries()) {
        expect(found[index]?.length).toBe(values.length);
        expect(apart(values, found[index] ?? [])).toBeLessThan(1e-6);
      }
    }
  });

  test("with a dynamic batch operations that are made of others give what they give for a number of rows", async () => {
    const spec = "test/golden/programs/primitives.vlm";
    const [any, fixed] = [join(folder, "any-primitives.onnx"), join(folder, "two-primitives.onnx")];
    expect(medctc(["export", spec, "--onnx", any, "--dynamic-batch"]).code).toBe(0);
    expect((await runHere(["export", spec, "--onnx", fixed, "--batch", "2"])).code).toBe(0);
    const data = Float32Array.from({ length: 24 }, (_, place) => Math.sin(3 * place));
    const image: SentTensor = { dtype: "float32", shape: [2, 3, 4], data };
    const outputs = await Promise.all(
      [any, fixed].map((file) => outputsOf(file, ["out", "loss"], new Map([["image", image]]))),
    );
    const [[found = [], loss = []] = [], [expected = [], expectedLoss = []] = []] = outputs;
    expect(found.length).toBe(2);
    expect(apart(expected, found)).toBeLessThan(1e-5);
    expect(apart(expectedLoss, loss)).toBeLessThan(1e-5 * (1 + Math.abs(expectedLoss[0] ?? Number.NaN)));
  });

  test("in half precision the weights of products take half the bytes, which leaves the tables of embeddings, and latents are within 2e-3", async () => {
    expect((await exported("--onnx", join(folder, "half"), "--half", ...given)).code).toBe(0);
    const [whole, half] = ["all", "half"].map((each) => statSync(join(folder, each, "weights.data")).size);
    expect((half ?? 0) / (whole ?? 1)).toBeLessThan(0.65);
    const [plain = []] = await outputsOf(join(folder, "all/encode_image.onnx"), ["latent"]);
    const [found = []] = await outputsOf(join(folder, "half/encode_image.onnx"), ["latent"]);
    expect(apart(plain, found)).toBeLessThan(2e-3);
    expect(apart(plain, found)).toBeGreaterThan(0);
  });

  test("how a training step is cut, and what it may take, is no concern of an export", async () => {
    const spec = join(folder, "cut.vlm");
    const text = readFileSync("specs/medct-small.vlm", "utf8").replace(
      /batch = \d+/,
      "batch = 4\n  micro_batch = 2\n  memory = 2MB",
    );
    writeFileSync(spec, text);
    expect((await runHere(["check", spec])).err).toContain("E603");
    const options = ["--program", "encode_text", "--dynamic-batch", "--weights", `${files}/weights.safetensors`];
    const { code, err } = await runHere(["export", spec, "--onnx", join(folder, "cut.onnx"), ...options]);
    expect(err).not.toContain("error");
    expect(code).toBe(0);
  });

  test("a file that lacks weights, and one with other shapes, are named before anything is written", async () => {
    const path = join(folder, "few.safetensors");
    writeFileSync(path, writeSafetensors(new Map([["temperature", { shape: [2], data: [1, 2] }]])));
    const { code, err } = await exported("--onnx", join(folder, "none"), "--weights", path);
    expect(code).toBe(1);
    expect(err).toContain("`visual_transformer.to_patch_emb.1.weight`");
    expect(err).toContain("temperature");
    expect(readdirSync(folder)).not.toContain("none");
  });

  test("a damaged file of weights is an error, not a model", async () => {
    const path = join(folder, "cut.safetensors");
    const whole = readFileSync(`${files}/weights.safetensors`);
    writeFileSync(path, whole.subarray(0, whole.length - 100));
    const { code, err } = await exported("--onnx", join(folder, "none"), "--weights", path);
    expect(code).toBe(1);
    expect(err).toContain("cut.safetensors");
  });

  test.each(["--merge", "--half", "--int8", "--dynamic-batch"])("%s is refused for the training step", async (flag) => {
    const { code, err } = await exported("--onnx", join(folder, "none.onnx"), "--program", "step", flag);
    expect(code).toBe(2);
    expect(err).toContain(`${flag} is not for the training step`);
  });

  test("a folder that cannot be made is named", async () => {
    const { code, err } = await exported("--onnx", join(files, "weights.safetensors/model"));
    expect(code).toBe(1);
    expect(err).toContain("weights.safetensors/model");
  });
});
