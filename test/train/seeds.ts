import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { medctc } from "../command.ts";
import { print } from "../print.ts";

/**
 * Trains the adapters of the synthetic example with three seeds, on what `npm start` has made, and holds the mean AUROC on
 * held-out patients to at least 0.85, from about 0.5 before: `node test/run.mjs test/train/seeds.ts`.
 */
const least = 0.85;
const from = "runs/start";
const given = ["--data", `${from}/ct`, "--weights", `${from}/encoders.safetensors`, "--allow-missing", "heads.*"];
const evaluation = v.object({
  classes: v.array(v.string()),
  volumes: v.array(v.object({ labels: v.array(v.number()), scores: v.array(v.number()) })),
});

const befores: number[] = [];
let failed = 0;
print("| seed | before | after |", "|---|---|---|");
for (const seed of [1, 2, 3]) {
  const output = mkdtempSync(join(tmpdir(), "medctc-seed-"));
  try {
    medctc("train", "examples/synthetic/thorax.vlm", ...given, "-o", output, "--seed", String(seed));
    const [before, after] = [meanAuroc(output, 0), meanAuroc(output, -1)];
    print(`| ${seed} | ${before.toFixed(3)} | ${after.toFixed(3)} |`);
    befores.push(before);
    if (!(after >= least)) failed++;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}
const mean = meanOf(befores);
print(`before training ${mean.toFixed(3)} in the mean`);
process.exitCode = failed === 0 && Math.abs(mean - 0.5) < 0.1 ? 0 : 1;

/** The mean of the classes' AUROC in one of the evaluations of a run, from its scores: pairs that are in order. */
function meanAuroc(output: string, place: number): number {
  const folder = join(output, "evaluations");
  const name = readdirSync(folder).sort().at(place) ?? "";
  const { classes, volumes } = v.parse(evaluation, JSON.parse(readFileSync(join(folder, name), "utf8")));
  const aurocs = classes.map((_, column) => {
    const scoresOf = (label: number): readonly number[] =>
      volumes.filter(({ labels }) => labels[column] === label).map(({ scores }) => scores[column] ?? Number.NaN);
    const inOrder = scoresOf(1).flatMap((present) =>
      scoresOf(0).map((absent) => (present > absent ? 1 : present === absent ? 0.5 : 0)),
    );
    return meanOf(inOrder);
  });
  return meanOf(aurocs);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
