import { basename, join } from "node:path";
import { problemOf, watchSignals } from "../../machine/index.ts";
import { RunFolder } from "../../train/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { dataFolderOf } from "../data/open.ts";
import { findSpec } from "../find-spec.ts";
import { type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import type { FinishedTraining } from "./finish.ts";
import { trainInto } from "./session.ts";
import type { TrainRequest, TrainTask } from "./task.ts";

/** From a spec, a folder of volumes with reports, and weights, to trained adapters and a report. */
export async function train(request: TrainRequest, reporter: Reporter): Promise<Ended<FinishedTraining>> {
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
  const opened = RunFolder.open(request.output ?? join("runs", basename(path, ".vlm")));
  if (opened.kind !== "open") return refuse(opened.problem, reporter);
  const { run } = opened;
  const signals = watchSignals(() => run.close());
  try {
    const task: TrainTask = {
      path,
      compiled: { ...compiled, spec: { ...spec, settings: { ...spec.settings, seed } } },
      data: { ...request, data },
      request,
      signals,
      startedAt: new Date(),
    };
    return await trainInto(run, task, reporter);
  } catch (error) {
    return refuse(problemOf(error, run.path), reporter);
  } finally {
    signals.dispose();
    run.close();
  }
}
