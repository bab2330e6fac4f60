import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../runtime/setup/prepare.mjs";

/**
 * Trains the adapters of the synthetic example with three seeds, on what `npm start` has made, and holds the mean AUROC on
 * held-out patients to at least 0.85, from about 0.5 before: `node test/train/seeds.mjs`.
 */
const least = 0.85;
const folder = "runs/start";
const given = ["--weights", `${folder}/encoders.safetensors`, "--allow-missing", "heads.*"];
const befores = [];
let failed = 0;
process.stdout.write("| seed | before | after |\n|---|---|---|\n");
for (const seed of [1, 2, 3]) {
  const output = mkdtempSync(join(tmpdir(), "medctc-seed-"));
  try {
    const words = ["train", "examples/synthetic/thorax.vlm", "--data", `${folder}/ct`, ...given, "-o", output];
    const run = spawnSync(process.execPath, [join(root, "dist/medctc.js"), ...words, "--seed", String(seed)], {
      cwd: root,
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(run.stderr);
    const [before, after] = [0, -1].map((place) => meanAuroc(output, place));
    process.stdout.write(`| ${seed} | ${before.toFixed(3)} | ${after.toFixed(3)} |\n`);
    befores.push(before);
    if (!(after >= least)) failed++;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}
const mean = befores.reduce((sum, value) => sum + value, 0) / befores.length;
process.stdout.write(`before training ${mean.toFixed(3)} in the mean\n`);
process.exitCode = failed === 0 && Math.abs(mean - 0.5) < 0.1 ? 0 : 1;

/** The mean of the classes' AUROC in one of the evaluations of a run, from its scores: pairs that are in order. */
function meanAuroc(output, place) {
  const names = readdirSync(join(output, "evaluations")).sort();
  const { classes, volumes } = JSON.parse(readFileSync(join(output, "evaluations", names.at(place)), "utf8"));
  const values = classes.map((_, column) => {
    let [ordered, pairs] = [0, 0];
    for (const a of volumes.filter(({ labels }) => labels[column] === 1)) {
      for (const b of volumes.filter(({ labels }) => labels[column] === 0)) {
        pairs++;
        ordered += a.scores[column] > b.scores[column] ? 1 : a.scores[column] === b.scores[column] ? 0.5 : 0;
      }
    }
    return ordered / pairs;
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
