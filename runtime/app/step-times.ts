import { type BuiltStep, expectStepTime, expectValidationTime, type TracedSpec } from "../../compiler/index.ts";
import { backendNamed } from "../backends/index.ts";
import { fileInputs, findDataInputs } from "../data/index.ts";
import { type MachineRates, readRates } from "../machine/index.ts";
import type { Reporter } from "./reporter.ts";

/** How long a training step of a spec is expected to take on this machine. */
export interface ExpectedTime {
  /** The backend's title. */
  readonly title: string;
  readonly seconds: number;
  /** The day on which its rates were measured. */
  readonly measured: string;
  /** Where a number of volumes is known. */
  readonly epoch: ExpectedEpoch | null;
}

/** The examples of a data set: those that are trained on, and those that are held out; null where nobody says how many. */
export interface ExampleCounts {
  readonly volumes: number;
  readonly heldOut: number | null;
}

/** An epoch of training, with its evaluations where the number of held-out examples is known. */
export interface ExpectedEpoch extends ExampleCounts {
  readonly stepSeconds: number;
  /** Of encoding what is held out, as often in an epoch as the spec evaluates. */
  readonly evaluationSeconds: number;
  /** Of the threads that read and preprocess, beside steps; none of it where volumes are cached. Null where it was not measured. */
  readonly readSeconds: number | null;
  readonly seconds: number;
}

/** Times of specs by the rates of this machine: one for each backend that has some; none where nothing trains. */
export type TimesOf = (spec: TracedSpec, step: BuiltStep) => readonly ExpectedTime[];

/** The seconds of a spec's step on one backend, or on the first that has rates; null where they are unknown. */
export function stepSecondsHere(backend: string): (spec: TracedSpec, step: BuiltStep) => number | null {
  const stored = readRates();
  const rated = stored.kind === "rates" ? ratedBackends(stored.rates) : [];
  const found = rated.find(({ runner }) => backend === "auto" || runner.name === backend);
  return (spec, step) => (found === undefined ? null : expectStepTime(spec, found.rates, found.runner, step));
}

/** The backends that run the programs of a step one by one, with the rates that were measured of them. */
function ratedBackends({ backends }: MachineRates) {
  return backends.flatMap(({ backend, measured, rates }) => {
    const runner = backendNamed(backend);
    return runner?.runs === "programs" ? [{ runner, measured, rates }] : [];
  });
}

/** Reads the rates of this machine, for steps and for epochs of so many examples; without rates there is a note, and no times. */
export function timesHere(examples: ExampleCounts | null, reporter: Pick<Reporter, "note">): TimesOf {
  const stored = readRates();
  if (stored.kind !== "rates") {
    const why = stored.kind === "refused" ? stored.why : "nothing was measured on this machine";
    reporter.note(`the time of a step is unknown: ${why}; to measure, run: medctc bench --calibrate`);
    return () => [];
  }
  const rated = ratedBackends(stored.rates);
  return (spec, step) =>
    rated.flatMap(({ runner, measured, rates }): readonly ExpectedTime[] => {
      const seconds = expectStepTime(spec, rates, runner, step);
      if (seconds === null) return [];
      if (examples === null) return [{ title: runner.title, seconds, measured, epoch: null }];
      const evaluation = examples.heldOut === null ? null : expectValidationTime(spec, examples.heldOut, rates, runner);
      const epoch = epochOf(spec, examples, { seconds, evaluation: evaluation ?? 0 }, stored.rates);
      return [{ title: runner.title, seconds, measured, epoch }];
    });
}

/**
 * Steps of whole batches, and the evaluations between them, with volumes read meanwhile by all threads but one. These take their share of
 * the processor from both, and both wait where reading takes longer than they do.
 */
function epochOf(
  spec: TracedSpec,
  { volumes, heldOut }: ExampleCounts,
  of: { readonly seconds: number; readonly evaluation: number },
  { threads, voxelsRead }: MachineRates,
): ExpectedEpoch {
  const steps = Math.floor(volumes / spec.settings.batch);
  const evaluations = steps / Math.min(spec.settings.evaluateEvery ?? steps, Math.max(1, steps));
  const [stepSeconds, evaluationSeconds] = [steps * of.seconds, evaluations * of.evaluation];
  const computing = stepSeconds + evaluationSeconds;
  const known = { volumes, heldOut, stepSeconds, evaluationSeconds };
  const voxels = storedVoxelsOf(spec);
  if (voxels === 0) return { ...known, readSeconds: 0, seconds: computing };
  if (voxelsRead === null) return { ...known, readSeconds: null, seconds: computing };
  const readers = Math.max(1, threads - 1);
  const read = volumes + evaluations * (heldOut ?? 0);
  const readSeconds = (read * voxels) / voxelsRead / readers;
  const seconds = Math.max(readSeconds, computing + (readers * readSeconds) / threads);
  return { ...known, readSeconds, seconds };
}

/** Cubic millimetres of a voxel of a scan as it is stored: 0.7 x 0.7 x 1, as in CT-RATE. */
const storedVoxel = 0.49;

/** Voxels that the scans of a row have as they are stored, where these are as large as what the network sees of them. */
function storedVoxelsOf(spec: TracedSpec): number {
  const found = findDataInputs(spec);
  if (found.kind === "failed") return 0;
  const voxel = spec.data.spacing.reduce((product, size) => product * size, 1);
  return fileInputs(found.value)
    .filter(({ kind }) => kind === "volume")
    .reduce(
      (sum, { shape }) => sum + (voxel / storedVoxel) * shape.slice(-3).reduce((product, size) => product * size, 1),
      0,
    );
}
