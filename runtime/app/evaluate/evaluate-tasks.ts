import type { EvalTask } from "../../../compiler/index.ts";
import { type EncodedVolumes, evaluateTask, type TaskResult, type Threshold } from "../../evaluate/index.ts";
import { type Problem, printCount } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";
import { type ChoosingVolumes, chooseThresholds } from "./choose-thresholds.ts";
import { encodeHeldOut, encodePrompts, type HeldOutRequest, needReports } from "./encode-held-out.ts";
import { policyOf } from "./threshold-policy.ts";

/** What is evaluated, and how. */
export interface TasksRequest extends HeldOutRequest {
  readonly tasks: readonly EvalTask[];
  /** Volumes that thresholds are chosen on; without them, thresholds that would be chosen there are 0.5. */
  readonly choosing: readonly ChoosingVolumes[];
  /** Whether reports are encoded; only where tasks need them unless it is said. */
  readonly withReports?: boolean;
}

/** What the tasks of an evaluation came to, in their order. */
export type TasksEvaluation =
  | {
      readonly kind: "evaluated";
      readonly volumes: EncodedVolumes;
      readonly results: readonly TaskResult[];
      readonly skipped: readonly Problem[];
    }
  | { readonly kind: "wrong"; readonly problem: Problem }
  | { readonly kind: "stopped" };

/** Does all tasks on what an engine has learned: prompts and volumes are encoded once for all of them. */
export async function evaluateTasks(request: TasksRequest, reporter: Reporter): Promise<TasksEvaluation> {
  const { spec, tasks, choosing, withReports = needReports(request.tasks) } = request;
  const byPrompts = tasks.flatMap((task) => (task.kind === "zero_shot" ? [task] : []));
  const texts = byPrompts.length === 0 ? null : await encodePrompts(request, byPrompts);
  if (texts === null && byPrompts.length > 0) return { kind: "stopped" };
  const chosen = new Map<string, ReadonlyMap<string, Threshold>>();
  for (const volumes of choosing) {
    const found = await chooseThresholds(volumes, request, texts, reporter);
    if (found.kind !== "chosen") return found;
    for (const [task, thresholds] of found.thresholds) chosen.set(task, thresholds);
  }
  const found = await encodeHeldOut(request, { doing: "evaluating", withReports }, reporter);
  if (found.kind !== "encoded") return found;
  const { resamples } = spec.evaluation;
  const drawn = resamples === 0 ? "" : `, ${printCount(resamples)} resamples`;
  const results: TaskResult[] = [];
  for (const task of tasks) {
    const result = await evaluateTask(task, found.volumes, {
      texts,
      bootstrap: resamples === 0 ? null : { resamples, seed: 0 },
      thresholdsOf: ({ name, threshold }) => {
        const own = chosen.get(name) ?? null;
        return { policy: policyOf(threshold, own !== null), chosen: own };
      },
      tell: (done, total) => reporter.progress(`fitting probe ${done} of ${total}`),
      tellMeasuring: () => reporter.progress(`measuring ${task.name}${drawn}`),
      isStopped: request.isStopped,
    });
    if (result === "stopped") return { kind: "stopped" };
    results.push(result);
  }
  return { kind: "evaluated", volumes: found.volumes, results, skipped: found.skipped };
}
