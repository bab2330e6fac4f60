import type { TracedSpec } from "../../compiler/index.ts";
import type { Engine } from "../backends/index.ts";
import type { DataProblem } from "../data/index.ts";
import { type Evaluation, evaluationTable } from "../evaluate/index.ts";
import { attempt, readFileText, writeAtomically } from "../files/index.ts";
import { exitCodeOf } from "../machine/index.ts";
import type { CurvePoint } from "../report/index.ts";
import type { RunFolder, TrainedParameter, TrainingEnd } from "../train/index.ts";
import { environmentOf } from "./environment.ts";
import { fail, failFile, failStorage } from "./fail.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import type { TrainRequest } from "./train-run.ts";

/** A training that has ended, one way or another. */
export interface Trained {
  readonly engine: Engine;
  readonly spec: TracedSpec;
  readonly steps: number;
  readonly trained: ReadonlyMap<string, TrainedParameter>;
  readonly folder: RunFolder;
  readonly evaluations: ReadonlyMap<number, Evaluation>;
  readonly skipped: readonly DataProblem[];
  readonly request: TrainRequest;
}

/** Says where a training was stopped, and how it goes on. */
export function sayIsStopped(step: number, steps: number, isSaved: boolean, terminal: Terminal): void {
  const where = isSaved ? `after step ${step} of ${steps}, which is saved` : "before anything was saved";
  terminal.err(`stopped ${where}; ${isSaved ? "resume with the same command and --resume" : "start it again"}\n`);
}

/** Saves what was trained with its report, or says why the training ended before, and how to go on with it. */
export async function finishTraining(ended: TrainingEnd, run: Trained, terminal: Terminal): Promise<ExitCode> {
  switch (ended.kind) {
    case "done":
      return finish(run, terminal);
    case "stopped":
      sayIsStopped(ended.step, run.steps, ended.saved, terminal);
      return exitCodeOf(ended.signal);
    case "wrong-data":
      failFile(ended.problem, terminal);
      return fail(
        `the training ended after step ${ended.step} of ${run.steps}`,
        `${ended.step > 0 ? "resume with the same command and --resume" : "start it again"} once that file is repaired, or with --skip-bad to skip such files`,
        terminal,
      );
    case "not-finite":
      return fail(
        `the ${ended.what} of step ${ended.step + 1} is ${ended.value}`,
        "use a lower learning rate, `clip_norm`, or precision f32; the checkpoints before it are whole",
        terminal,
      );
    case "storage":
      failStorage(ended.problem, terminal);
      return fail(
        "the training ended, for it could not be saved any more",
        "the checkpoints before stay; then resume with the same command and --resume",
        terminal,
      );
  }
}

async function finish(run: Trained, terminal: Terminal): Promise<ExitCode> {
  const { engine, trained, folder, evaluations } = run;
  const tensors = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
  for (const [path, data] of await engine.read()) {
    const parameter = trained.get(path);
    if (parameter !== undefined) tensors.set(parameter.checkpoint, { shape: parameter.shape, data });
  }
  const saved = folder.saveAdapter(tensors);
  if (saved.kind === "failed") return failStorage(saved.problem, terminal);
  const { reportPath } = folder;
  const html = await renderRun(run);
  const written = attempt(reportPath, () => writeAtomically(reportPath, html));
  if (written.kind === "failed") return failStorage(written.problem, terminal);
  const last = [...evaluations].sort(([a], [b]) => a - b).at(-1);
  if (last !== undefined) terminal.out(`${evaluationTable(last[1])}\n`);
  terminal.out(`trained ${run.steps} steps\n  adapters  ${folder.adapterPath}\n  report    ${reportPath}\n`);
  return exitCodes.done;
}

async function renderRun({ engine, spec, folder, evaluations, skipped, request }: Trained): Promise<string> {
  const { renderReport } = await import("../report/index.ts");
  const { path, compiled, data, options, startedAt } = request;
  const inOrder = [...evaluations].sort(([a], [b]) => a - b);
  const label = (step: number, place: number): string =>
    step === 0 ? "before" : place === inOrder.length - 1 ? "after" : `step ${step}`;
  return renderReport({
    title: compiled.plan.model,
    command: null,
    startedAt: startedAt.toISOString(),
    elapsedMs: Date.now() - startedAt.getTime(),
    specPath: path,
    specText: compiled.text,
    plan: compiled.plan,
    curve: readCurve(folder.metricsPath),
    evaluations: inOrder.map(([step, evaluation], place) => ({ label: label(step, place), step, evaluation })),
    environment: environmentOf(engine, spec, { ...options, data: data.data }),
    skipped,
  });
}

/** The curve of a whole training, as its log has it. */
function readCurve(path: string): readonly CurvePoint[] {
  const lines = readFileText(path).split("\n");
  return lines.flatMap((line): readonly CurvePoint[] => {
    if (line === "") return [];
    const record: unknown = JSON.parse(line);
    const numberOf = (name: string): number => {
      const value: unknown =
        typeof record === "object" && record !== null ? Object.getOwnPropertyDescriptor(record, name)?.value : null;
      return typeof value === "number" ? value : Number.NaN;
    };
    return [
      {
        step: numberOf("step"),
        loss: numberOf("loss"),
        learningRate: numberOf("learning_rate"),
        gradientNorm: numberOf("gradient_norm"),
      },
    ];
  });
}
