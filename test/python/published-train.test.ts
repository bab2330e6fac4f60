import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compilePath } from "../../runtime/specs/index.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { prepareProgram, runHere } from "../cli/medctc.ts";
import { backends as graphBackends } from "../cli/small-training.ts";
import { fixtureSpec, fixtureTensors, publishedFixtures } from "../parity/published-fixtures.ts";
import { check, pythonWith, pythonWithPeft } from "./environment.ts";
import { vocabularyOf, writeExamples } from "./published-data.ts";

const backends = [...graphBackends, "pytorch"] as const;
const steps = 10;
const folder = mkdtempSync(join(tmpdir(), "medctc-published-"));
const python = pythonWithPeft();
/** Those whose adapters are PEFT's; others have names of their own, and train more than adapters. */
const ofPeft = publishedFixtures.filter((fixture) =>
  [...fixtureTensors(fixture, "lora").keys()].every((key) => /\.lora_[AB]\.weight$/.test(key)),
);

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

function lossesOf(run: string): readonly number[] {
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((each) => v.parse(v.object({ loss: v.number() }), JSON.parse(each)).loss);
}

async function succeed(...words: readonly string[]): Promise<void> {
  const { code, err } = await runHere(words);
  expect([code, err.match(/^(error|warning).*/gm)], err).toEqual([0, warnedOf(words)]);
}

/** Ten steps are fewer than some of the fixtures freeze a group for, which a training says. */
function warnedOf([command, spec = ""]: readonly string[]): readonly unknown[] | null {
  const isFrozen = command === "train" && compilePath(spec).text.includes("frozen_epochs");
  return isFrozen ? [expect.stringContaining("warning[E435]: a group is frozen for 20 steps")] : null;
}

describe.each(publishedFixtures.map((fixture) => [fixture.name, fixture] as const))("%s", (name, fixture) => {
  const spec = join(fixture.folder, "small.vlm");
  const weights = ["--weights", join(fixture.folder, "weights.safetensors")];
  const into = (...parts: readonly string[]) => join(folder, name, ...parts);

  test("trains ten steps from files on every backend, with the same losses", async () => {
    const compiled = fixtureSpec(fixture, "small").spec;
    const data = ["--data", writeExamples(into("data"), compiled, 6), "--vocab", vocabularyOf(fixture.folder)];
    const given = [...weights, ...data, "--cache", into("cache"), "--workers", "1"];
    // The rate of the first steps, so that they change something.
    const rate = ["--set", "train.lr=1e-3", "--set", "train.schedule=constant()"];
    const trained = ["--steps", String(steps), ...rate];
    for (const backend of backends) {
      const on = backend === "pytorch" ? ["--backend", backend, "--python", python] : ["--backend", backend];
      await succeed("train", spec, ...given, ...trained, ...on, "-o", into(backend));
    }
    const [first, ...others] = backends.map((backend) => lossesOf(into(backend)));
    expect(first).toHaveLength(steps);
    for (const losses of others) {
      expect(losses).toHaveLength(steps);
      losses.forEach((loss, step) => {
        const expected = first?.[step] ?? Number.NaN;
        expect(Math.abs(loss - expected) / Math.abs(expected), `step ${step}`).toBeLessThan(1e-4);
      });
    }
    for (const backend of backends) {
      const path = join(into(backend), "adapter.safetensors");
      const adapter = readSafetensors(path, readFileSync(path));
      // The second matrices are zeros at first.
      const still = [...adapter].filter(([, tensor]) => elementsOf(tensor).every((value) => value === 0));
      expect(still.map(([key]) => key)).toEqual([]);
      expect([...adapter.keys()]).toEqual(expect.arrayContaining([...fixtureTensors(fixture, "lora").keys()]));
    }
    const adapter = ["--adapter", into(backends[0])];
    await succeed("export", spec, "--onnx", into("onnx"), ...weights, ...adapter);
    if (ofPeft.includes(fixture)) await succeed("export", spec, "--peft", into("peft"), ...adapter);
  });
});

test("their exported programs pass onnx's checker", () => {
  const packages = ["onnx==1.23.0", "onnxruntime==1.32.0", "safetensors"];
  const folders = publishedFixtures.map(({ name }) => join(folder, name, "onnx"));
  check(pythonWith(packages.slice(0, 2).join("-"), packages), "check_onnx_files.py", ...folders);
});

test("PEFT reads their adapters", () => {
  const folders = ofPeft.map(({ name }) => `${name}=${join(folder, name, "peft")}`);
  check(python, "check_peft_files.py", ...folders);
});
