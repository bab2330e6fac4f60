import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";

const loggedStep = v.object({ loss: v.number(), gradient_norm: v.number(), seconds: v.number() });

/** What a run logged of each of its steps. */
export function readSteps(run: string): readonly v.InferOutput<typeof loggedStep>[] {
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => v.parse(loggedStep, JSON.parse(line)));
}

/** The scores that an evaluation gave each volume. */
export function readScores(evaluation: string): ReadonlyMap<string, readonly number[]> {
  const [, ...rows] = readFileSync(join(evaluation, "scores.csv"), "utf8").trim().split("\n");
  return new Map(
    rows.map((row) => {
      const [volume = "", ...values] = row.split(",");
      return [volume.replace(".nii.gz", ""), values.map(Number)];
    }),
  );
}
