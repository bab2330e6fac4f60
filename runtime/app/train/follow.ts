import { rmSync } from "node:fs";
import { oneProcess, openableFor, type StepInputs } from "../../backends/index.ts";
import { makeTemporaryFolder } from "../../files/index.ts";
import { reportUncached } from "../data/open.ts";
import { backendFor } from "../engine/choose.ts";
import { done, type Ended, type Reporter, refuse, refused } from "../reporter.ts";
import { unwritable } from "../unwritable.ts";
import { batchesOf } from "./batches.ts";
import { checkLeading } from "./leading.ts";
import { openSources, type Sources } from "./sources.ts";
import type { TrainTask } from "./task.ts";

/**
 * Gives the processes of this machine their rows of a training that the first machine leads, until that one ends them. It writes nothing
 * into the run's folder and decides nothing: a signal is for the first machine, which saves. `leading` is the file that says what
 * that one trains.
 */
export async function follow(task: TrainTask, leading: string, reporter: Reporter): Promise<Ended<null>> {
  const sources = await openSources(null, task, reporter);
  if (sources === null) return refused;
  const temporary = makeTemporaryFolder("medctc-follow");
  try {
    return await followWith(sources, temporary, task, leading, reporter);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    reportUncached(sources.reading, reporter);
    await sources.reading.loader.dispose();
  }
}

async function followWith(
  sources: Sources,
  temporary: string,
  task: TrainTask,
  leading: string,
  reporter: Reporter,
): Promise<Ended<null>> {
  const { launch } = task.request;
  const backend = backendFor(task.request, reporter);
  if (backend === null) return refused;
  const compiled = { ...task.compiled, spec: sources.spec };
  const openable = openableFor("train", compiled, backend, launch ?? oneProcess);
  if (openable.runs === "unwritable") return refuse(unwritable(openable.why, backend.title), reporter);
  if (openable.runs !== "models") throw new Error("what runs in one process has no other machines");
  const batches = batchesOf(sources, task);
  const inputsAt = (step: number): StepInputs => {
    checkLeading(leading, sources.identity);
    return batches.at(step, sources.steps);
  };
  reporter.info("waiting for the first machine");
  const following = await openable.backend.follow(openable.model, temporary, inputsAt);
  try {
    await following.over();
    return done(null);
  } finally {
    await following.dispose();
  }
}
