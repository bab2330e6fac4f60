import type { ExampleCounts, PrintedEpoch } from "../printout/index.ts";

/** How often an epoch does what. */
export interface EpochWork {
  readonly steps: number;
  readonly evaluations: number;
  readonly saves: number;
}

/** How many seconds each of that takes. */
export interface WorkSeconds {
  readonly step: number;
  /** In a step; null where nobody measured it. */
  readonly gather: number | null;
  readonly evaluation: number;
  readonly save: number | null;
}

/** Where an epoch is computed. */
export interface EpochPlace {
  readonly machines: number;
  /** Threads of each machine, of which all but one read. */
  readonly threads: number;
  /** Whether steps are computed by these threads, or by GPUs beside them. */
  readonly isOnProcessor: boolean;
  /** What a thread decodes, and what the disk gives, of an example in seconds; null where nobody measured it. */
  readonly decode: number | null;
  readonly read: number | null;
}

/** How often a training of so many examples steps, evaluates and saves. */
export function epochWork(
  { volumes, heldOut }: ExampleCounts,
  {
    batch,
    evaluateEvery,
    saveEvery,
  }: Readonly<Record<"batch", number> & Record<"evaluateEvery" | "saveEvery", number | null>>,
): EpochWork {
  const steps = Math.floor(volumes / batch);
  const every = (given: number | null): number => steps / Math.min(given ?? steps, Math.max(1, steps));
  const evaluations = every(evaluateEvery);
  // Each evaluation saves a checkpoint, too.
  return { steps, evaluations, saves: every(saveEvery) + (heldOut === null ? 0 : evaluations) };
}

/**
 * Steps of whole batches, the evaluations between them, and checkpoints, with volumes read meanwhile by all threads but one of each
 * machine. Where steps are computed by the same processor, these take their share from both, and both wait where reading takes longer.
 * The first machine alone reads and computes what is held out.
 */
export function expectEpoch(
  examples: ExampleCounts,
  { steps, evaluations, saves }: EpochWork,
  of: WorkSeconds,
  { machines, threads, isOnProcessor, decode, read }: EpochPlace,
): PrintedEpoch {
  const times = (count: number, seconds: number | null): number | null => (seconds === null ? null : count * seconds);
  const [stepSeconds, evaluationSeconds] = [steps * of.step, evaluations * of.evaluation];
  const [gatherSeconds, saveSeconds] = [times(steps, of.gather), times(saves, of.save)];
  const readers = Math.max(1, threads - 1);
  const files = examples.volumes / machines + evaluations * (examples.heldOut ?? 0);
  const [readSeconds, threadSeconds] = [times(files, read), times(files, decode)];
  const decodeSeconds = threadSeconds === null ? null : threadSeconds / readers;
  const taken = isOnProcessor ? (readers * (decodeSeconds ?? 0)) / threads : 0;
  const computing = stepSeconds + (gatherSeconds ?? 0) + evaluationSeconds + (saveSeconds ?? 0);
  const seconds = Math.max(readSeconds ?? 0, decodeSeconds ?? 0, computing + taken);
  return {
    ...examples,
    stepSeconds,
    gatherSeconds,
    evaluationSeconds,
    saveSeconds,
    decodeSeconds,
    readSeconds,
    seconds,
  };
}
