import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ExportOnnxRequest, exportOnnx } from "../../runtime/app/export/onnx.ts";
import { noChoices } from "../../runtime/app/weights/open.ts";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import type { SentTensor } from "../../runtime/backends/onnx/messages.ts";
import { elementsOf, writeSafetensors } from "../../runtime/weights/index.ts";
import { collectedReporter } from "../collected-reporter.ts";
import { fixture } from "../parity/ctclip-fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-half-"));
afterAll(() => rmSync(folder, { recursive: true }));

const query = "text_transformer.encoder.layer.0.attention.self.query";

/** The fixture's tensors with some values changed, in a file. */
function changed(file: "weights" | "lora", name: string, change: (values: Float32Array) => void): string {
  const tensors = [...fixture(`${file}.safetensors`)].map(([own, stored]) => {
    const data = Float32Array.from(elementsOf(stored));
    if (own === name) change(data);
    return [own, { shape: stored.shape, data }] as const;
  });
  const path = join(folder, `${file}.safetensors`);
  writeFileSync(path, writeSafetensors(new Map(tensors)));
  return path;
}

async function exported(name: string, more: Partial<ExportOnnxRequest>): Promise<{ file: string; said: string }> {
  const { reporter, said } = collectedReporter();
  const file = join(folder, `${name}.onnx`);
  const files = "test/fixtures/ctclip-small";
  const given = { weights: `${files}/weights.safetensors`, adapter: `${files}/lora.safetensors`, allowMissing: [] };
  const how = {
    program: "encode_text",
    merge: false,
    half: true,
    int8: false,
    batch: null,
    choices: noChoices,
  } as const;
  const spec = { spec: "specs/medct-small.vlm", set: [] };
  const ended = await exportOnnx({ ...given, ...how, ...spec, onnx: file, ...more }, reporter);
  expect([said(), ended.kind]).toEqual([said(), "done"]);
  return { file, said: said().replace(/^note: .* has no record of the alpha .*\n?/m, "") };
}

/** The latents of the fixture's texts. */
async function latentOf(file: string): Promise<readonly number[]> {
  const inputs = new Map(
    ["input_ids", "attention_mask"].map((name): readonly [string, SentTensor] => {
      const stored = fixture("batch.safetensors").get(name);
      if (stored === undefined) throw new Error(`the fixture has ${name}`);
      return [name, { dtype: "int32", shape: [...stored.shape], data: Int32Array.from(elementsOf(stored)) }];
    }),
  );
  const session = await OnnxSession.load(file);
  const results = await session.run(inputs, ["latent"]);
  await session.dispose();
  return [...(results.get("latent")?.data ?? [])].map(Number);
}

/** How far the latents of 16 bits are from those of 32, and what the export says. */
async function apart(name: string, more: Partial<ExportOnnxRequest>): Promise<{ apart: number; said: string }> {
  const half = await exported(`${name}-half`, more);
  const whole = await exported(`${name}-whole`, { ...more, half: false });
  const [found, expected] = [await latentOf(half.file), await latentOf(whole.file)];
  const differences = expected.map((value, place) => Math.abs(value - (found[place] ?? Number.NaN)));
  expect(expected.length).toBe(3 * 16);
  return { apart: differences.reduce((a, b) => Math.max(a, b)), said: half.said };
}

describe("--half", () => {
  test("says nothing of a model that 16 bits have room for", async () => {
    const found = await apart("plain", {});
    expect(found.said).toBe("");
    expect(found.apart).toBeGreaterThan(0);
    expect(found.apart).toBeLessThan(2e-3);
  });

  test.each([false, true])(
    "keeps a weight that is too large in 32 bits, and the products that it makes too large; merged: %s",
    async (merge) => {
      const name = "text_transformer.encoder.layer.1.intermediate.dense.weight";
      const weights = changed("weights", name, (values) => values.fill(-70_000, 4, 5));
      const found = await apart(`large-${merge}`, { weights, merge });
      expect(found.said).toContain(
        "warning: `text.layers[1].up.weight` stays in 32 bits: its value 70000 is too large for a 16-bit float, which ends at 65504",
      );
      expect(found.said).toContain("warning: products in `text.layers[1].down` stay in 32 bits: their values reach ");
      expect(found.apart).toBeLessThan(2e-3);
    },
  );

  test("for any batch it keeps the same", async () => {
    const name = "text_transformer.encoder.layer.1.intermediate.dense.weight";
    const weights = changed("weights", name, (values) => values.fill(70_000, 4, 5));
    const found = await apart("any", { weights, batch: "dynamic" });
    expect(found.said).toContain("`text.layers[1].up.weight` stays in 32 bits");
    expect(found.apart).toBeLessThan(2e-3);
  });

  test("measures a merged weight, which may be too large where the weight itself is not", async () => {
    const weights = changed("weights", `${query}.weight`, (values) => {
      for (let row = 0; row < 32; row++) values[32 * row + 7] = row % 2 === 0 ? 65_000 : -65_000;
    });
    const adapter = changed("lora", `${query}.lora_A.weight`, (values) => values.fill(40_000, 7, 8));
    const lines = await exported("sum", { weights, adapter, merge: true });
    expect(lines.said).toMatch(
      /warning: `text\.layers\[0\]\.attention\.q\.weight` \(merged\) stays in 32 bits: its value \d{5}/,
    );
    const plain = await exported("parts", { weights, adapter });
    expect(plain.said).not.toContain(".weight`");
  });

  test("keeps a weight in 32 bits of which nothing but zeros would be left", async () => {
    const name = "to_text_latent.weight";
    const weights = changed("weights", name, (values) => {
      for (const [place, value] of values.entries()) values[place] = value * 1e-9;
    });
    const found = await apart("small", { weights });
    expect(found.said).toMatch(
      /warning: `heads\.report\.weight` stays in 32 bits: all of its values, of at most \d.*e-\d+, would be 0/,
    );
    expect(found.apart).toBeLessThan(2e-3);
  });

  test("names weights that are not finite in the first place, with and without 16 bits", async () => {
    const weights = changed("weights", "to_text_latent.weight", (values) => {
      values[0] = Number.NaN;
      values[9] = Number.POSITIVE_INFINITY;
    });
    for (const half of [true, false]) {
      const { said } = await exported("nan", { weights, half });
      expect(said).toContain("warning: `heads.report.weight` has 2 values that are not finite");
    }
  });

  test("computes merged weights with all digits, and rounds them once", async () => {
    const [half, whole] = [
      await exported("once-half", { merge: true }),
      await exported("once-whole", { merge: true, half: false }),
    ];
    const [found, expected] = [await latentOf(half.file), await latentOf(whole.file)];
    // An update that is rounded to bf16 before it is added differs by more than 1e-3.
    expect(Math.max(...expected.map((value, place) => Math.abs(value - (found[place] ?? 0))))).toBeLessThan(5e-4);
  });
});
