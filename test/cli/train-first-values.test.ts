import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining } from "./small-training.ts";

const training = new SmallTraining();
beforeAll(prepareProgram);

const spec = training.write(
  "computed.vlm",
  readFileSync(training.spec, "utf8")
    .replace('import "std/lora"', 'import "std/pissa"\nimport "std/vera"')
    .replace(/lora\(.*\) on .*/, "pissa(rank = 2) on vision.attn.qkv\n  vera(rank = 3) on text.attn.q,v")
    .replace("schedule = cosine(warmup = 2)", "ema = 0.8"),
);

const bytes = (...path: readonly string[]): Buffer => readFileSync(join(...path));

async function runWith(command: "train" | "eval", ...more: readonly string[]) {
  const [, , ...rest] = training.arguments(command, ...more);
  return runHere([command, spec, ...rest]);
}

test.each(backends)(
  "computed and shared first values are kept by a run that is resumed, and by its files: %s",
  async (backend) => {
    const straight = training.path(`straight-${backend}`);
    const resumed = training.path(`resumed-${backend}`);
    const on = ["--backend", backend];
    expect((await runWith("train", "-o", straight, "--steps", "5", ...on)).code).toBe(0);
    expect((await runWith("train", "-o", resumed, "--steps", "2", ...on)).code).toBe(0);
    expect((await runWith("train", "-o", resumed, "--steps", "5", "--resume", ...on)).code).toBe(0);
    for (const file of ["adapter.safetensors", "adapter-ema.safetensors"]) {
      expect(bytes(resumed, file).equals(bytes(straight, file))).toBe(true);
      // The pair that all projections share is there once, and the first values that the residual is computed from.
      const header = bytes(straight, file).toString("latin1");
      expect(header.match(/"vera_A"/g)).toHaveLength(1);
      expect(header).toContain('pissa_A.weight"');
    }
  },
);
