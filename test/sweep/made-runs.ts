import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeStepEvaluation } from "../../runtime/evaluate/index.ts";
import { encodeManifest, type Manifest, manifestPath } from "../../runtime/sweep/manifest.ts";
import { entryFolder, runFolder, runLog } from "../../runtime/sweep/sweep-folder.ts";
import { Random } from "../random.ts";

const classes = ["Effusion", "Nodule, small", "Never"];

/** Writes what a training leaves: scores that tell the more, the higher `lift` is, and losses, which are lower at first where it is low, at two steps, and a curve. */
function writeRun(root: string, name: string, seed: number, lift: number, isDone = true): void {
  const folder = runFolder(root, name, seed);
  mkdirSync(join(folder, "evaluations"), { recursive: true });
  for (const [step, power] of [
    [0, 0],
    [4, lift],
  ] as const) {
    const random = new Random(seed);
    const labels = Array.from({ length: 30 }, () => [random.below(2) === 0, random.below(3) === 0, false]);
    const scores = labels.map((row) => row.map((label) => (random.below(100) + (label ? power : 0)) / (100 + power)));
    const names = labels.map((_, index) => `valid_${index}`);
    const path = join(folder, "evaluations", `step-${String(step).padStart(8, "0")}.json`);
    const loss = { examples: 30, values: new Map([["loss", step === 0 ? 2.5 + lift / 100 : 3 + seed / 8]]) };
    writeFileSync(path, encodeStepEvaluation({ scores: { classes, names, scores, labels }, loss }));
  }
  const lines = [1, 2, 3, 4].map((step) => JSON.stringify({ step, loss: 2 / step, seconds: 0.5 }));
  writeFileSync(join(folder, "metrics.jsonl"), `${lines.join("\n")}\n{"step":5,"lo`);
  writeFileSync(runLog(root, name, seed), "$ medctc train\n\u001b[31mending\n");
  writeFileSync(join(folder, "adapter.safetensors"), "");
  if (isDone) writeFileSync(join(folder, "report.html"), "");
}

/** Writes a folder of a sweep with four entries, whose specs are all the same. */
export function writeFolder(root: string, spec: string): Manifest {
  const hostile = { name: "<b>", lines: '</style><script>alert("x")</script>' };
  const manifest: Manifest = {
    title: "some/sweep.yaml",
    entries: [
      { name: "plain", placement: null, settings: new Map([["train.batch", "8"]]), seeds: [1, 2] },
      { name: "other", placement: hostile, settings: new Map([["train.optimizer", "=sgd(1)"]]), seeds: [1, 2] },
      { name: "part", placement: null, settings: new Map(), seeds: [1] },
      { name: "absent", placement: null, settings: new Map(), seeds: [1] },
    ],
  };
  mkdirSync(root, { recursive: true });
  writeFileSync(manifestPath(root), encodeManifest(manifest));
  for (const { name } of manifest.entries) {
    mkdirSync(entryFolder(root, name), { recursive: true });
    writeFileSync(join(entryFolder(root, name), "spec.vlm"), spec);
  }
  for (const seed of [1, 2]) {
    writeRun(root, "plain", seed, 20);
    writeRun(root, "other", seed, 90);
  }
  writeRun(root, "part", 1, 50, false);
  return manifest;
}
