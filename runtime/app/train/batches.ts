import { oneProcess, worldOf } from "../../backends/index.ts";
import { operationsOf } from "../../data/index.ts";
import { Batches } from "../../train/index.ts";
import type { Sources } from "./sources.ts";
import type { TrainTask } from "./task.ts";

/** The batches of a training, of which the processes of this machine ask for their rows. */
export function batchesOf(
  { spec, trainSet, order, reading, shared }: Sources,
  { data, request }: Pick<TrainTask, "data" | "request">,
): Batches {
  const launch = request.launch ?? oneProcess;
  const { processes, machines } = launch;
  return new Batches({
    examples: trainSet.examples,
    order,
    settings: spec.settings,
    processes: { count: worldOf(launch), first: machines.rank * processes, here: processes },
    augment: { operations: operationsOf(spec.data.augment), seed: spec.settings.seed },
    skipBad: data.skipBad,
    loader: reading.loader,
    tokenizer: reading.text?.tokenizer ?? null,
    inputs: reading.inputs,
    shared,
  });
}
