import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compileSpec, firstValuesOf, inputsOf, optimise, sharedInputs, type TracedSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import {
  type Engine,
  enginePrograms,
  inputsInMemory,
  lasting,
  modelOf,
  trainStep,
} from "../../runtime/backends/index.ts";
import { tensorflow } from "../../runtime/backends/tensorflow/backend.ts";
import { TensorflowSession, writePrograms } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/medct-small.vlm";
const folder = mkdtempSync(join(tmpdir(), "medctc-programs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const native = loadTensorflow();

/** Micro-batches, so that a training has all its programs. */
function specOf(precision: "f32" | "bf16"): TracedSpec {
  const overrides = { batch: 4, microBatch: 2, precision };
  const source = createSource(path, readFileSync(path, "utf8"));
  const { spec } = compileSpec(source, new SpecLibrary("specs/std", path), overrides);
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

async function open(spec: TracedSpec, name: string, feedBytes: number): Promise<Engine> {
  const model = { ...modelOf(spec, enginePrograms(spec, tensorflow, "train") ?? []), feedBytes };
  return tensorflow.open(model, firstValuesOf(spec.parameters, spec.settings.seed), join(folder, name));
}

/** All that the programs of a training give: latents before, two steps, one after a checkpoint was stored, and latents after. */
async function everything(spec: TracedSpec, engine: Engine) {
  const whole = enginePrograms({ ...spec, inMicroBatches: null }, { optimise }, "train") ?? [];
  const batch = drawInputs(whole.flatMap(inputsOf));
  const rows = await inputsInMemory(batch, spec.settings, sharedInputs(spec)).rows(0, spec.settings.microBatch);
  const latents = async () => [await engine.run("encode_image", rows), await engine.run("encode_text", rows)];
  const step = (number: number) =>
    trainStep(engine, spec.settings, inputsInMemory(batch, spec.settings, sharedInputs(spec)), number, () => false);
  const before = await latents();
  const first = await step(0);
  const saved = new Map([...lasting(await engine.read())].map(([name, values]) => [name, values.slice()]));
  const second = await step(1);
  await engine.store(saved);
  const again = await step(1);
  const found = { before, first, second, again, after: await latents(), state: lasting(await engine.read()) };
  await engine.dispose();
  return found;
}

describe.runIf(native.kind === "ready").each(["f32", "bf16"] as const)(
  "every program of a training in %s",
  (precision) => {
    test("gives the same bits, however many runs its weights took to load", async () => {
      const spec = specOf(precision);
      const expected = await everything(spec, await open(spec, `${precision}-1`, 2 ** 30));
      expect(expected.first?.loss).toBeGreaterThan(0);
      expect(expected.again).toEqual(expected.second);
      for (const feedBytes of [2 ** 18, 2 ** 12]) {
        const found = await everything(spec, await open(spec, `${precision}-${feedBytes}`, feedBytes));
        expect(found, `${feedBytes} bytes a run`).toEqual(expected);
      }
    });

    test("has first values of its own where it draws them itself, in one piece and in many", async () => {
      if (native.kind !== "ready") throw new Error(native.reason);
      const { parameters, trainable, settings } = specOf(precision);
      const programs = enginePrograms(specOf(precision), tensorflow, "train") ?? [];
      for (const feedBytes of [2 ** 30, 2 ** 12]) {
        const about = { parameters, trainable, seed: settings.seed, bf16Products: "native" as const, feedBytes };
        const model = join(folder, `drawn-${precision}-${feedBytes}`);
        const session = await TensorflowSession.load(native.tf, model, writePrograms(programs, about, model));
        session.run("initialise", new Map());
        session.run("prepare", new Map());
        const rows = drawInputs(programs.filter(({ name }) => name === "encode_text").flatMap(inputsOf));
        const latent = Float32Array.from(session.run("encode_text", rows).get("latent") ?? []);
        session.dispose();
        // Latents are divided by their norm: two rows of length 1, of which nothing is lost or zero.
        expect(latent.length).toBe(32);
        expect(latent.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(2, 3);
      }
    });
  },
);
