import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { TrainSettings } from "../../compiler/index.ts";
import { type EmitRequest, type ExportedProgram, emitPrograms } from "../../runtime/app/export/emit-programs.ts";
import { collectedReporter } from "../collected-reporter.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

const small = readFileSync("specs/medct-small.vlm", "utf8");

/** A value of each setting that changes a training, some of which no training can have. */
const values: Readonly<Record<Exclude<keyof TrainSettings, "learningRate">, string>> = {
  optimizer: "optimizer = lion(lr = 3e-2)",
  schedule: "schedule = cosine(warmup = 500)",
  batch: "batch = 12",
  microBatch: "micro_batch = 3",
  epochs: "epochs = 7",
  evaluateEvery: "evaluate_every = 9",
  saveEvery: "save_every = 11",
  keepBest: "keep_best = loss",
  patience: "patience = 2",
  ema: "ema = 0.9999",
  clipNorm: "clip_norm = 0.5",
  precision: 'precision = "bf16"',
  recompute: "recompute = layers",
  memory: "memory = 2MB",
  seed: "seed = 99",
};

const wanted: readonly ExportedProgram[] = ["forward", "encode_image", "encode_text"];

/** All programs as they are written for any batch, or what keeps them from being written. */
function written(
  settings: readonly string[],
  form: Pick<EmitRequest, "batch" | "half" | "merge">,
  text = small,
): string {
  const spec = join(folder, "spec.vlm");
  const block = `train {\n  ${["batch = 3", ...settings].join("\n  ")}\n}`;
  // The last of two lines that say the same setting would be an error.
  const train = settings.some((each) => each.startsWith("batch")) ? block.replace("batch = 3\n  ", "") : block;
  writeFileSync(spec, text.replace(/train \{[^}]*\}/, train));
  const { reporter, said } = collectedReporter();
  const emitted = emitPrograms({ spec, set: [], wanted, served: null, ...form }, reporter);
  return emitted.kind === "refused" ? said() : JSON.stringify([...emitted.models]);
}

const dynamic = { batch: "dynamic", half: false, merge: false } as const;
const base = written([], dynamic);

test("the programs that are exported are all there", () => {
  expect(base).toMatch(/^\[\["forward",.*\["encode_image",.*\["encode_text",/s);
});

test.each(Object.values(values))("`%s` changes nothing of an export", (setting) => {
  expect(written([setting], dynamic) === base).toBe(true);
});

test("no settings of a training together change an export, for any batch and for one, in 16 bits and merged", () => {
  const forms = [dynamic, { batch: 2, half: true, merge: true }, { batch: 5, half: false, merge: true }] as const;
  const plain = new Map(forms.map((form) => [form, written([], form)]));
  fc.assert(
    fc.property(fc.subarray(Object.values(values), { minLength: 2 }), fc.constantFrom(...forms), (settings, form) => {
      expect(written(settings, form) === plain.get(form)).toBe(true);
    }),
    { numRuns: 12 },
  );
});

test("neither do a `data` block that is not there, paths and labels that do not exist, or no loss", () => {
  const without = small.replace(/data \{[^}]*\}/, "");
  expect(written([], dynamic, without) === base).toBe(true);
  const encoders = (text: string): string => text.slice(text.indexOf('["encode_image"'));
  expect(encoders(written([], dynamic, small.replace(/\n {2}loss [^\n]*/, ""))).length).toBeGreaterThan(1000);
});
