import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram, integerForms, optimiseForOnnx } from "../../compiler/index.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { elementsOf, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, type Run } from "../cli/medctc.ts";
import { fixture } from "../parity/ctclip-fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-integers-"));
const files = "test/fixtures/ctclip-small";
const adapter = ["--adapter", `${files}/lora.safetensors`];
const given = ["--weights", `${files}/weights.safetensors`, ...adapter];

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

function exported(...args: readonly string[]): Run {
  return medctc(["export", "specs/medct-small.vlm", "--int8", ...args]);
}

/** The fixture's weights with one value of one of them changed. */
function changed(weight: string, value: number): string {
  const weights = new Map(
    [...fixture("weights.safetensors")].map(([name, stored]) => {
      const data = Float32Array.from(elementsOf(stored));
      if (name === weight) data[1] = value;
      return [name, { shape: stored.shape, data }] as const;
    }),
  );
  const path = join(folder, `${String(value)}.safetensors`);
  writeFileSync(path, writeSafetensors(weights));
  return path;
}

/** The forms of the weights of a model that makes its output as an expression says. */
function formsOf(expression: string) {
  const path = join(folder, "forms.vlm");
  const text = `module net() {
  param weight: f32[40, 40] = normal(1)
  param table: f32[64, 40] = normal(1)
  param kernel: f32[48, 40, 1, 1, 1] = normal(1)
  param vector: f32[40] = normal(1)

  forward(image: f32[batch, 3, 40]) {
    let ids = argmax(image, axis = 2)
    let out = ${expression}
    return out
  }
}

model example {
  encoder vision = net()
  let out = vision.out
  loss mean(out * out)
}

train {
  batch = 2
}
`;
  writeFileSync(path, text);
  const compiled = compilePath(path);
  const program = compiled.spec === null ? null : buildProgram(compiled.spec, "forward");
  if (compiled.spec === null || program === null) throw new Error(JSON.stringify(compiled.diagnostics));
  const forms = integerForms([optimiseForOnnx(program, compiled.spec)], new Set());
  return Object.fromEntries([...forms].map(([name, form]) => [name.replace("vision.", ""), form]));
}

describe("which weights can be stored in 8 bits follows from what reads them", () => {
  test.each([
    ["matmul(image, weight)", { weight: { kind: "integers", axis: 1 } }],
    ["matmul(image, transpose(weight, [1, 0]))", { weight: { kind: "integers", axis: 0 } }],
    [
      "matmul(image, transpose(slice(weight, axis = 0, from = 0, to = 20), [1, 0]))",
      { weight: { kind: "integers", axis: 0 } },
    ],
    ["conv(reshape(image, [2, 1, 1, 3, 40]), kernel)", { kernel: { kind: "integers", axis: 0 } }],
    ["gather(table, ids)", { table: { kind: "integers", axis: 1 } }],
    ["matmul(gather(table, ids), transpose(table, [1, 0]))", { table: { kind: "axes" } }],
    ["matmul(image, weight) + matmul(image, transpose(weight, [1, 0]))", { weight: { kind: "axes" } }],
    ["matmul(image, weight * weight)", { weight: { kind: "read", by: "mul" } }],
    ["gather(table, argmax(matmul(image, weight), axis = 2))", { weight: { kind: "choice" } }],
    ["image * vector", { vector: { kind: "small" } }],
  ])("%s", (expression, expected) => {
    expect(formsOf(expression)).toMatchObject(expected);
  });
});

describe("export --int8", () => {
  test("takes about a quarter of the bytes for products and tables, and tells what it changes and what it leaves", () => {
    const { code, out } = exported("--onnx", join(folder, "merged"), "--merge", ...given);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^36 weights in 8 bits: 803 KiB become 208 KiB; largest relative error of an output channel 0\.\d+ %/,
    );
    expect(out).toContain("too small to matter\n");
    expect(out).toContain("also read by `mul`: vision.quantizer.codebook\n");
    expect(readdirSync(join(folder, "merged"))).not.toContain("step.onnx");
  });

  test("leaves adapters in 32 bits where they are not merged", () => {
    const { code } = exported("--onnx", join(folder, "beside"), ...given);
    expect(code).toBe(0);
    expect(statSync(join(folder, "beside/adapter.data")).size).toBe(3584 * 4);
  });

  test("is for ONNX alone", () => {
    const { code, err } = exported("--safetensors", join(folder, "none.safetensors"), ...given);
    expect(code).toBe(2);
    expect(err).toBe("error: --int8 needs --onnx PATH\n");
  });

  test("writes the same bytes again", () => {
    exported("--onnx", join(folder, "again"), "--merge", ...given);
    for (const name of readdirSync(join(folder, "merged")))
      expect(readFileSync(join(folder, "again", name)).equals(readFileSync(join(folder, "merged", name)))).toBe(true);
  });

  test("with --half, and for any batch, the rest of what products read takes 16 bits", () => {
    const more = ["--merge", "--half", "--dynamic-batch", ...given];
    expect(exported("--onnx", join(folder, "half"), ...more).code).toBe(0);
    const [plain, half] = ["merged", "half"].map((name) => statSync(join(folder, name, "weights.data")).size);
    expect(half).toBeLessThan(plain ?? 0);
  });

  test("a weight with an outlier stays in 32 bits, and is named with its error", () => {
    const weights = ["--weights", changed("to_visual_latent.weight", 1000), ...adapter];
    const { code, out } = exported("--onnx", join(folder, "outlier"), "--merge", ...weights);
    expect(code).toBe(0);
    expect(out).toMatch(
      /, with outliers, for which 8 bits are too few: heads\.image\.weight \(1\.0e\+2 % of a channel would become 0\)\n/,
    );
  });

  test("so does one with a value that is not finite", () => {
    const weights = ["--weights", changed("to_visual_latent.weight", Number.NaN), ...adapter];
    const { out } = exported("--onnx", join(folder, "nan"), "--merge", ...weights);
    expect(out).toContain("with values that are not finite: heads.image.weight\n");
  });
});
