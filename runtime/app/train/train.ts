import { basename, join } from "node:path";
import { oneProcess } from "../../backends/index.ts";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import type { Problem } from "../../text/index.ts";
import { type RunEnd, RunFolder, workFolderOf } from "../../train/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { dataFolderOf } from "../data/open.ts";
import { findSpec } from "../find-spec.ts";
import { type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import type { FinishedTraining } from "./finish.ts";
import { follow } from "./follow.ts";
import { leadingFile } from "./leading.ts";
import { trainInto } from "./session.ts";
import type { TrainRequest, TrainTask } from "./task.ts";

/**
 * From a spec, a folder of volumes with reports, and weights, to trained adapters and a report; null on a machine that follows another
 * one.
 */
export async function train(request: TrainRequest, reporter: Reporter): Promise<Ended<FinishedTraining | null>> {
  const path = findSpec(request.spec, "train", reporter);
  if (path === null) return refused;
  const compiled = compileReported({ spec: path, set: request.set }, reporter);
  if (compiled === null) return refused;
  const { spec } = compiled;
  const seed = request.seed ?? spec.settings.seed;
  const data = dataFolderOf(request.data, path, spec);
  if (data === null) {
    return refuse(
      problem("no training data specified", "add --data DIR, or `folder` to the spec's `data` block"),
      reporter,
    );
  }
  const folder = request.output ?? join("runs", basename(path, ".vlm"));
  const taskWith = (signals: SignalWatch): TrainTask => ({
    path,
    compiled: { ...compiled, spec: { ...spec, settings: { ...spec.settings, seed } } },
    data: { ...request, data },
    request,
    signals,
    startedAt: new Date(),
  });
  const { count, rank } = (request.launch ?? oneProcess).machines;
  if (count > 1 && request.skipBad) {
    const help = "find what is bad with `medctc data check`, and leave it out of the data set";
    return refuse(problem("--skip-bad is for one machine: another one would not know what is skipped", help), reporter);
  }
  if (rank > 0) {
    const signals = watchSignals();
    const leading = leadingFile(workFolderOf(folder));
    return await follow(taskWith(signals), leading, reporter)
      .catch((error: unknown) => refuse(problemOf(error, folder), reporter))
      .finally(signals.dispose);
  }
  const opened = RunFolder.open(folder);
  if (opened.kind !== "open") return refuse(opened.problem, reporter);
  const { run } = opened;
  const signals = watchSignals(() => run.close());
  const problems: Problem[] = [];
  const keeping = keepingProblems(reporter, problems);
  try {
    const ended = await trainInto(run, taskWith(signals), keeping);
    run.end(endOf(ended, problems));
    return ended;
  } catch (error) {
    const ended = refuse(problemOf(error, run.path), keeping);
    run.end(endOf(ended, problems));
    return ended;
  } finally {
    signals.dispose();
    run.close();
  }
}

/** Of what was reported before a training failed, so much is kept. */
const mostProblems = 20;

/** A reporter that keeps the last problems that it hears of. */
function keepingProblems(reporter: Reporter, problems: Problem[]): Reporter {
  const keep = (found: Problem): void => {
    problems.push(found);
    if (problems.length > mostProblems) problems.shift();
    reporter.problem(found);
  };
  return { ...reporter, problem: keep };
}

function endOf(ended: Ended<unknown>, problems: readonly Problem[]): RunEnd {
  const at = new Date().toISOString();
  switch (ended.kind) {
    case "done":
      return { kind: "done", at, problems: [] };
    case "stopped":
      return { kind: "stopped", at, problems: [] };
    case "refused":
    case "misused":
      return { kind: "failed", at, problems };
  }
}
