import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeStepEvaluation, type KeptEvaluation } from "../../runtime/evaluate/index.ts";
import { encodeManifest } from "../../runtime/sweep/index.ts";
import { EventLog, type RunRecord, writeRecord } from "../../runtime/train/index.ts";

/** When the first step of a made-up run was done; each step takes two seconds. */
export const firstSeconds = 1_700_000_000.25;

export const record: RunRecord = {
  ...{ medctc: "0.1.0", spec: "small.vlm", backend: "onnx", precision: "f32", seed: 1, batch: 8 },
  text: 'model m {\n  lora(rank = 2) on a.b\n}\ndata {\n  size = [20, 60, 60]\n  orientation = "LPS"\n}\ntrain {\n  lr = 1e-3\n}\n',
  ...{ steps: 10, stepsPerEpoch: 5, parameters: { total: 400, trainable: 40 } },
  times: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  end: { kind: "done", at: "2026-01-01T01:00:00.000Z", problems: [] },
};

/** What a step of a made-up run logged besides its loss: names that are no file names, and a number that is none. */
const oddNames = ["loss/contrastive", "a.b", "..", "max_x", "Überblähung 😀", "new\nline", "_x41_", "rtl\u202e:*?"];

export function lineOf(step: number, names: readonly string[] = oddNames): string {
  const odd = Object.fromEntries(names.map((name, place) => [name, place + 1 / (step + 2)]));
  const values = { loss: 1 / step, gradient_norm: step === 2 ? null : 1e-300 * step, seconds: 2 + 1 / 3 / step };
  return `${JSON.stringify({ step, epoch: Math.floor((step - 1) / 5), ...values, ...odd })}\n`;
}

const scores = [0.1, 0.9, 0.3, 0.35, 0.8, 0.2];

const scored: Omit<NonNullable<KeptEvaluation["scores"]>, "scores"> = {
  classes: ["Lung opacity", "Überblähung"],
  names: ["a", "b", "c", "d", "e", "f"],
  labels: [false, true, true, false, true, false].map((label) => [label, null]),
  bootstrap: { resamples: 50, seed: 1 },
};

/** An evaluation after a step, which depends on it. */
export function evaluationAfter(step: number): KeptEvaluation {
  const after = scores.map((score, place) => [place < step ? score : 1 - score, 1 - score / 2]);
  return { scores: { ...scored, scores: after }, loss: { examples: 6, values: new Map([["loss", 1 / (step + 3)]]) } };
}

export interface MadeRun {
  readonly steps: number;
  readonly record?: RunRecord;
  readonly evaluated?: readonly number[];
  readonly names?: readonly string[];
}

/** Writes the folder of a run as `medctc train` leaves it. */
export function makeRun(folder: string, { steps, record: own = record, evaluated = [0, 2], names }: MadeRun): string {
  mkdirSync(join(folder, "evaluations"), { recursive: true });
  writeRecord(folder, own);
  writeFileSync(join(folder, "metrics.jsonl"), "");
  goOn(folder, 1, steps, names);
  for (const step of evaluated) {
    const path = join(folder, "evaluations", `step-${String(step).padStart(8, "0")}.json`);
    writeFileSync(path, encodeStepEvaluation(evaluationAfter(step)));
  }
  writeFileSync(join(folder, "adapter.safetensors"), "made up");
  writeFileSync(join(folder, "report.html"), "<!doctype html>");
  return folder;
}

/** Logs steps, of a new training or of one that is resumed. */
export function goOn(folder: string, from: number, to: number, names?: readonly string[]): void {
  const seconds = firstSeconds + (from === 1 ? 0 : 1000 * from);
  const opened = EventLog.open(join(folder, "events"), { seconds, host: "node", lastStep: from - 1 });
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  for (let step = from; step <= to; step++) {
    appendFileSync(join(folder, "metrics.jsonl"), lineOf(step, names));
    opened.value.append(step, seconds + 2 * (step - from), new Map([["train/loss", 1 / step]]));
  }
  opened.value.close();
}

/** Writes the folder of a sweep with three runs of four. */
export function makeSweep(root: string): string {
  const placement = { name: "card", lines: "lora(rank = 2) on a.b" };
  const entries = [
    { name: "card", placement, settings: new Map([["train.lr", "1e-3"]]), seeds: [1, 2] },
    { name: "low", placement: null, settings: new Map([["train.lr", "1e-5"]]), seeds: [1, 2] },
  ];
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "sweep.json"), encodeManifest({ title: "some/sweep.yaml", entries }));
  writeFileSync(join(root, "results.csv"), "name,seed\n");
  for (const [place, run] of ["card/seed-1", "card/seed-2", "low/seed-1"].entries())
    makeRun(join(root, "runs", run), { steps: 2, names: [`of ${place}`] });
  return root;
}
