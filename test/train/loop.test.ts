import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { BestBy, TrainSettings } from "../../compiler/index.ts";
import { onnx } from "../../runtime/backends/onnx/backend.ts";
import { evaluateScores, type StepEvaluation } from "../../runtime/evaluate/index.ts";
import type { StopSignal } from "../../runtime/machine/signals.ts";
import { BadVolumeError } from "../../runtime/train/batches.ts";
import { EventLog } from "../../runtime/train/events.ts";
import { type TrainingEnd, type TrainingRun, train } from "../../runtime/train/loop.ts";
import { MetricsLog } from "../../runtime/train/metrics-log.ts";
import { RunFolder } from "../../runtime/train/run-folder.ts";
import { SpentClock } from "../../runtime/train/spent-times.ts";
import { checkpointAt, identity } from "./made-checkpoint.ts";

const root = mkdtempSync(join(tmpdir(), "medctc-loop-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Plan {
  readonly steps: number;
  readonly saveEvery?: number;
  readonly evaluateEvery?: number;
  readonly patience?: number;
  readonly bestBy?: BestBy;
  /** The best step of a training which goes on. */
  readonly best?: number;
  /** The step that a training which goes on has done, and the evaluations that it has. */
  readonly from?: number;
  readonly evaluated?: readonly number[];
  /** Mean AUROCs of evaluations, in turn. */
  readonly metrics?: readonly number[];
  /** Scores of four volumes in evaluations, in turn, the last two of which have the class; in place of these. */
  readonly scores?: readonly (readonly number[])[];
  /** A signal that comes in the midst of something that happens, such as `step 2`. */
  readonly signalIn?: string;
  readonly outputs?: (step: number) => Readonly<Record<string, number>>;
  readonly badStep?: number;
}

const settings: TrainSettings = {
  optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
  learningRate: 1,
  schedule: { kind: "constant", warmup: 0, warmupEpochs: 0, steps: null, stepsPerEpoch: null },
  batch: 1,
  microBatch: 1,
  epochs: 1,
  evaluateEvery: null,
  saveEvery: null,
  keepBest: null,
  patience: null,
  ema: null,
  clipNorm: null,
  precision: "f32",
  recompute: "none",
  memory: null,
  seed: 1,
};

/** An evaluation whose mean AUROC is 0, 0.5 or 1, as two volumes give it, and whose loss and margin are as large. */
function evaluationOf(auroc: number): StepEvaluation {
  const scored = evaluateScores({
    classes: ["a"],
    scores: [[0.5], [auroc]],
    labels: [[false], [true]],
    bootstrap: null,
  });
  const values = new Map([
    ["loss", auroc],
    ["accuracy", -auroc],
  ]);
  return { scored, loss: { examples: 2, values } };
}

/** An evaluation of four volumes, of which the last two have the class. */
function evaluationOfScores(scores: readonly number[]): StepEvaluation {
  const labels = [[false], [false], [true], [true]];
  const rows = scores.map((score) => [score]);
  return { scored: evaluateScores({ classes: ["a"], scores: rows, labels, bootstrap: null }), loss: null };
}

let runs = 0;

/** Trains what has one parameter, and tells what happened in which order. */
async function follow(
  plan: Plan,
): Promise<{ readonly happened: readonly string[]; readonly end: TrainingEnd; readonly folder: RunFolder }> {
  const { steps, from, evaluated = [], metrics = [], outputs = () => ({ loss: 1 }) } = plan;
  const opened = RunFolder.open(join(root, `${runs++}`));
  if (opened.kind !== "open") throw new Error(opened.problem.message);
  const folder = opened.run;
  const log = MetricsLog.open(folder.metricsPath, from ?? 0);
  const events = EventLog.open(folder.eventsFolder, { seconds: 1, host: "here", lastStep: from ?? 0 });
  if (log.kind === "failed" || events.kind === "failed") throw new Error("both open");
  const happened: string[] = [];
  let signal: StopSignal | null = null;
  let step = from ?? 0;
  const note = (what: string): void => {
    happened.push(what);
    if (what === plan.signalIn) signal = "SIGTERM";
  };
  const remaining = plan.scores?.map(evaluationOfScores) ?? metrics.map(evaluationOf);
  const run: TrainingRun = {
    engine: {
      backend: onnx,
      device: "CPU",
      run: () => {
        step += 1;
        note(`step ${step}`);
        const values = { gradient_norm: 1, learning_rate: 1, ...outputs(step) };
        return Promise.resolve(
          new Map(Object.entries(values).map(([name, value]) => [name, Float32Array.of(value)] as const)),
        );
      },
      whole: null,
      read: () => {
        note("save");
        return Promise.resolve(
          new Map([
            ["w", Float32Array.of(step)],
            ["mean:w", Float32Array.of(0)],
          ]),
        );
      },
      store: () => Promise.resolve(),
      dispose: () => Promise.resolve(),
    },
    settings: {
      ...settings,
      saveEvery: plan.saveEvery ?? null,
      evaluateEvery: plan.evaluateEvery ?? null,
      patience: plan.patience ?? null,
    },
    steps,
    stepsPerEpoch: 4,
    batches: {
      at: (at) => ({
        rows: () =>
          at === plan.badStep
            ? Promise.reject(new BadVolumeError({ subject: "a.nii.gz", message: "it is cut off", help: null }))
            : Promise.resolve(new Map()),
        shared: new Map(),
      }),
      epochOf: () => 0,
      lastNames: () => ["a", "b"],
      takeSkipped: () => [],
    },
    trained: new Map([["w", { checkpoint: "model.w", shape: [1] }]]),
    kept: new Map(),
    folder,
    metrics: log.value,
    events: events.value,
    identity,
    about: new Map(),
    from:
      from === undefined
        ? null
        : { ...checkpointAt(from).state, best: plan.best === undefined ? null : { step: plan.best, metric: 1 } },
    bestBy: plan.bestBy ?? { kind: "scores", name: "mean_auroc", metric: "mean_auroc", direction: "maximize" },
    evaluate:
      plan.evaluateEvery === undefined
        ? null
        : (at) => {
            note(`evaluate ${at}`);
            if (signal !== null) return Promise.resolve({ kind: "stopped" });
            return Promise.resolve({
              kind: "evaluated",
              evaluation: remaining.shift() ?? evaluationOf(1),
              skipped: [],
            });
          },
    evaluated: new Set(evaluated),
    stopRequested: () => signal,
    tell: () => undefined,
    skip: () => null,
    now: () => 1,
    spent: new SpentClock(),
  };
  const end = await train(run);
  log.value.close();
  events.value.close();
  folder.close();
  return { happened, end, folder };
}

/** What the last checkpoint says. */
function lastState(folder: RunFolder) {
  const latest = folder.checkpoints.latest();
  if (latest.kind !== "found") throw new Error("there is a checkpoint");
  return latest.checkpoint.state;
}

test("evaluates before the first step, every `evaluate_every` and after the last; saves every `save_every` and after evaluations", async () => {
  const { happened, end } = await follow({ steps: 7, saveEvery: 2, evaluateEvery: 3 });
  expect(end).toEqual({ kind: "done" });
  expect(happened).toEqual([
    ...["evaluate 0", "save", "step 1", "step 2", "save", "step 3", "evaluate 3", "save", "step 4", "save", "step 5"],
    // Step 6 is saved before it is evaluated, since an evaluation may take long.
    ...["step 6", "save", "evaluate 6", "save", "step 7", "evaluate 7", "save"],
  ]);
});

test("logs metrics beside the loss, also where one is not a number, which ends nothing", async () => {
  const outputs = (step: number) => ({ loss: 1, "loss:siglip": 0.25, "metric:top1": step === 2 ? Number.NaN : 0.5 });
  const { end, folder } = await follow({ steps: 2, outputs });
  expect(end).toEqual({ kind: "done" });
  const lines = readFileSync(folder.metricsPath, "utf8").trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { step: 1, loss: 1, "loss/siglip": 0.25, top1: 0.5 },
    { step: 2, loss: 1, "loss/siglip": 0.25, top1: null },
  ]);
  const [events = ""] = readdirSync(folder.eventsFolder);
  const logged = readFileSync(join(folder.eventsFolder, events), "latin1");
  expect(logged).toContain("train/top1");
  expect(logged).toContain("train/loss/siglip");
});

test("saves at the end of each epoch where the spec does not say when, and once at the end", async () => {
  const { happened, end } = await follow({ steps: 6 });
  expect(end).toEqual({ kind: "done" });
  expect(happened).toEqual(["step 1", "step 2", "step 3", "step 4", "save", "step 5", "step 6", "save"]);
});

test("the checkpoint of an evaluated step says its metric, and which is the best so far", async () => {
  const { folder } = await follow({ steps: 4, evaluateEvery: 2, metrics: [0, 1, 0] });
  expect(lastState(folder)).toMatchObject({ step: 4, metric: 0, best: { step: 2, metric: 1 } });
  expect(readdirSync(folder.checkpoints.folder)).toEqual(["step-00000000", "step-00000002", "step-00000004"]);
});

test("a training that goes on first evaluates what was saved and not evaluated, and nothing twice", async () => {
  const again = await follow({ steps: 4, evaluateEvery: 2, from: 2, evaluated: [0], metrics: [1, 0] });
  expect(again.happened).toEqual(["evaluate 2", "save", "step 3", "step 4", "evaluate 4", "save"]);
  expect(lastState(again.folder).best).toEqual({ step: 2, metric: 1 });
  const other = await follow({ steps: 4, evaluateEvery: 2, from: 2, evaluated: [0, 2] });
  expect(other.happened).toEqual(["step 3", "step 4", "evaluate 4", "save"]);
  const done = await follow({ steps: 4, evaluateEvery: 2, from: 4, evaluated: [0, 2, 4] });
  expect([done.happened, done.end]).toEqual([[], { kind: "done" }]);
});

test("ends after as many evaluations as `patience` says without a better one, also when it goes on meanwhile", async () => {
  const { happened, end, folder } = await follow({
    steps: 9,
    evaluateEvery: 1,
    patience: 2,
    metrics: [0, 0.5, 1, 1, 0],
  });
  expect(happened.filter((what) => !what.startsWith("save"))).toEqual([
    ...["evaluate 0", "step 1", "evaluate 1", "step 2", "evaluate 2", "step 3", "evaluate 3", "step 4", "evaluate 4"],
  ]);
  expect(end).toEqual({ kind: "exhausted", step: 4, best: { step: 2, metric: 1 } });
  expect(readdirSync(folder.checkpoints.folder)).toContain("step-00000002");
  const plan = { steps: 9, evaluateEvery: 1, patience: 2, from: 3, best: 2, evaluated: [0, 1, 2, 3], metrics: [0] };
  const again = await follow(plan);
  expect(again.happened).toEqual(["step 4", "save", "evaluate 4", "save"]);
  expect(again.end).toEqual(end);
  const over = await follow({ ...plan, from: 4, evaluated: [0, 1, 2, 3, 4] });
  expect([over.happened, over.end]).toEqual([[], end]);
});

test("the best is told by the number that `keep_best` names", async () => {
  const accuracy: BestBy = { kind: "scores", name: "accuracy", metric: "accuracy", direction: "maximize" };
  const byAccuracy = await follow({ steps: 4, evaluateEvery: 2, metrics: [0, 0.5, 1], bestBy: accuracy });
  // Of two volumes, one that is called right with a score of 0.5 or more.
  expect(lastState(byAccuracy.folder)).toMatchObject({ metric: 0.5, best: { step: 2, metric: 0.5 } });
  const loss: BestBy = { kind: "validation", name: "loss", logged: "loss", direction: "minimize" };
  const least = await follow({ steps: 4, evaluateEvery: 2, metrics: [1, 0, 0.5], bestBy: loss });
  expect(lastState(least.folder)).toMatchObject({ metric: 0.5, best: { step: 2, metric: 0 } });
  const most = await follow({
    steps: 4,
    evaluateEvery: 2,
    metrics: [1, 0, 0.5],
    bestBy: { ...loss, direction: "maximize" },
  });
  expect(lastState(most.folder).best).toEqual({ step: 0, metric: 1 });
});

test("the best by one number of the scores is not the best by another, and `patience` counts by the one that is named", async () => {
  // In order but close to each other; less in order and far from each other; neither.
  const scores = [
    [0.45, 0.46, 0.5, 0.55],
    [0.05, 0.6, 0.55, 0.95],
    [0.9, 0.8, 0.2, 0.1],
    [0.9, 0.8, 0.2, 0.1],
  ];
  const plan = { steps: 3, evaluateEvery: 1, scores };
  const bestOf = async (bestBy: BestBy) => lastState((await follow({ ...plan, bestBy })).folder).best;
  const auroc: BestBy = { kind: "scores", name: "mean_auroc", metric: "mean_auroc", direction: "maximize" };
  const brier: BestBy = { kind: "scores", name: "brier", metric: "brier", direction: "minimize" };
  // As scikit-learn's roc_auc_score and brier_score_loss have them.
  expect(await bestOf(auroc)).toEqual({ step: 0, metric: 1 });
  const bestByBrier = await bestOf(brier);
  expect(bestByBrier?.step).toBe(1);
  expect(bestByBrier?.metric).toBeCloseTo(0.141875, 12);
  const byAuroc = await follow({ ...plan, bestBy: auroc, patience: 2 });
  expect(byAuroc.end).toEqual({ kind: "exhausted", step: 2, best: { step: 0, metric: 1 } });
  const byBrier = await follow({ ...plan, steps: 4, bestBy: brier, patience: 2 });
  expect(byBrier.end).toMatchObject({ kind: "exhausted", step: 3, best: { step: 1 } });
});

test("a loss that is not a number is never the best, and ends nothing", async () => {
  const bestBy: BestBy = { kind: "validation", name: "loss", logged: "loss", direction: "minimize" };
  const run = await follow({ steps: 4, evaluateEvery: 2, metrics: [1, Number.NaN, 0.5], bestBy });
  expect(run.end).toEqual({ kind: "done" });
  expect(lastState(run.folder).best).toEqual({ step: 4, metric: 0.5 });
});

test("what is measured on held-out data is logged for TensorBoard, a metric beside a number of that name", async () => {
  const { folder } = await follow({ steps: 2, evaluateEvery: 2 });
  const [events = ""] = readdirSync(folder.eventsFolder);
  const logged = readFileSync(join(folder.eventsFolder, events), "latin1");
  expect(logged).toContain("valid/loss");
  expect(logged).toContain("valid/accuracy");
  expect(logged).toContain("valid/metric/accuracy");
});

test("a signal ends it after the step, which is saved, before an evaluation that is due", async () => {
  const { happened, end, folder } = await follow({ steps: 4, evaluateEvery: 2, signalIn: "step 2" });
  expect(happened).toEqual(["evaluate 0", "save", "step 1", "step 2", "save"]);
  expect(end).toEqual({ kind: "stopped", signal: "SIGTERM", step: 2, saved: true });
  expect(lastState(folder)).toMatchObject({ step: 2, metric: null });
});

test("a signal after the last step leaves its evaluation to the next start", async () => {
  const { happened, end } = await follow({ steps: 2, evaluateEvery: 2, signalIn: "step 2" });
  expect(happened.slice(-2)).toEqual(["step 2", "save"]);
  expect(end).toMatchObject({ kind: "stopped", step: 2 });
  const unseen = await follow({ steps: 2, signalIn: "step 2" });
  expect(unseen.end).toEqual({ kind: "done" });
});

test("a signal in the first evaluation ends it with nothing to save", async () => {
  const { happened, end } = await follow({ steps: 4, evaluateEvery: 2, signalIn: "evaluate 0" });
  expect(happened).toEqual(["evaluate 0"]);
  expect(end).toEqual({ kind: "stopped", signal: "SIGTERM", step: 0, saved: false });
});

test.each([
  [{ loss: Number.NaN }, "loss"],
  [{ loss: Number.POSITIVE_INFINITY }, "loss"],
  // It would be in the parameters, and in a checkpoint, before the loss shows it.
  [{ loss: 1, gradient_norm: Number.NaN }, "gradient norm"],
])("a step that gives %o ends it, and is neither saved nor logged", async (broken, what) => {
  const outputs = (step: number) => (step === 3 ? broken : { loss: 1 });
  const { happened, end, folder } = await follow({ steps: 5, saveEvery: 1, outputs });
  expect(end).toMatchObject({ kind: "not-finite", what, step: 2, examples: ["a", "b"] });
  expect(happened.at(-1)).toBe("step 3");
  expect(lastState(folder)).toMatchObject({ step: 2, loss: { sum: 2, count: 2 } });
  expect(readFileSync(folder.metricsPath, "utf8").match(/"step":\d+/g)).toEqual(['"step":1', '"step":2']);
});

test("a file that cannot be used ends it after the step before, which is saved", async () => {
  const { happened, end, folder } = await follow({ steps: 6, badStep: 3 });
  expect(happened).toEqual(["step 1", "step 2", "step 3", "save"]);
  expect(end).toMatchObject({ kind: "wrong-data", step: 3, problem: { subject: "a.nii.gz" } });
  expect(lastState(folder).step).toBe(3);
  expect((await follow({ steps: 6, badStep: 0 })).happened).toEqual([]);
});
