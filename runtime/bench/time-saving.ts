import type { SavingRates } from "../machine/index.ts";
import { ProblemError } from "../text/index.ts";
import { type Checkpoint, CheckpointStore } from "../train/index.ts";

/** Numbers of a small checkpoint, and of one as large as that of an adapter with its optimizer. */
const few = 1024;
const many = 2 ** 23;

/** How often each is saved; the fastest counts. */
const savings = 3;

/** What saving checkpoints takes in a folder, as trainings save them: until they are on disk. Throws what the system says. */
export function timeSaving(folder: string): SavingRates {
  const store = new CheckpointStore(folder, { keep: 1 });
  const opened = store.open();
  if (opened.kind === "failed") throw new ProblemError(opened.problem);
  let step = 0;
  const secondsOf = (numbers: number): number => {
    const times = Array.from({ length: savings }, () => {
      const checkpoint = checkpointOf(++step, numbers);
      const start = performance.now();
      const saved = store.save(checkpoint);
      if (saved.kind === "failed") throw new ProblemError(saved.problem);
      return (performance.now() - start) / 1000;
    });
    return Math.min(...times);
  };
  const seconds = secondsOf(few);
  // On a noisy disk the larger may be the faster one.
  return { seconds, bytes: (4 * many) / Math.max(secondsOf(many) - seconds, 1e-6) };
}

function checkpointOf(step: number, numbers: number): Checkpoint {
  const data = Float32Array.from({ length: numbers }, (_, index) => Math.sin(index));
  const parameters = new Map([["weight", { shape: [numbers], data }]]);
  const identity = { spec: "", data: "", weights: "", seed: 0, batch: 1, precision: "f32", steps: 1 };
  const progress = { epoch: 0, position: 0, metric: null, best: null, loss: { sum: 0, count: 0 } };
  const state = { step, ...progress, identity, settings: new Map() };
  return { state, parameters, averages: new Map(), optimizer: new Map() };
}
