import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { lineOf, makeRun } from "./made-run.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-many-steps-"));
const run = join(folder, "run");
const steps = 200_000;

beforeAll(() => {
  prepareProgram();
  makeRun(run, { steps: 1 });
  for (let from = 2; from <= steps; from += 1000) {
    const last = Math.min(steps, from + 999);
    appendFileSync(
      join(run, "metrics.jsonl"),
      Array.from({ length: last - from + 1 }, (_, at) => lineOf(from + at)).join(""),
    );
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["mlflow", "wandb"])("a run of %s with a log larger than the memory for it is written", (to) => {
  const heapMebibytes = 48;
  expect(statSync(join(run, "metrics.jsonl")).size).toBeGreaterThan(heapMebibytes * 2 ** 20);
  const env = { NODE_OPTIONS: `--max-old-space-size=${heapMebibytes}` };
  const { code, err } = medctc(["track", run, "--to", to, "-o", join(folder, to)], { env });
  expect({ code, err }).toMatchObject({ code: 0 });
});
