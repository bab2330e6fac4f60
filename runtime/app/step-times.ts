import {
  type BuiltStep,
  checkpointBytes,
  expectExchangeTime,
  expectProcessBytes,
  expectStepTime,
  expectTimeOf,
  expectValidationTime,
  ratesOfShare,
  type SharedStep,
  shareStep,
  type TracedSpec,
} from "../../compiler/index.ts";
import { type Backend, backendNamed } from "../backends/index.ts";
import { fileInputs, findDataInputs } from "../data/index.ts";
import { type BackendRates, type MachineRates, readCarriedRates, readRates } from "../machine/index.ts";
import type { ExampleCounts, PrintedEpoch } from "../printout/index.ts";
import { epochWork, expectEpoch } from "./expected-epoch.ts";
import type { Reporter } from "./reporter.ts";

/** Where a training is thought to run. */
export interface TimedWhere {
  /** The file of another machine's rates; null for this machine. */
  readonly machine: string | null;
  /** Processes on each machine, and how many machines there are, all of them alike. */
  readonly processes: number;
  readonly nodes: number;
}

/** This machine, in one process. */
export const timedHere: TimedWhere = { machine: null, processes: 1, nodes: 1 };

/** What a time is expected for: a step there, and an epoch of so many examples, where they are given. */
export interface Timed {
  readonly where: TimedWhere;
  readonly examples: ExampleCounts | null;
}

/** How long a training step of a spec is expected to take. */
export interface ExpectedTime {
  /** The backend's title. */
  readonly title: string;
  readonly seconds: number;
  /** The day on which its rates were measured. */
  readonly measured: string;
  /** The machine where they were measured, in words; null for this one. */
  readonly machine: string | null;
  /** How processes share the step; null where there is one. */
  readonly share: ExpectedShare | null;
  /** Where a number of volumes is known. */
  readonly epoch: PrintedEpoch | null;
}

/** What each of several processes has of a step. */
export interface ExpectedShare extends Pick<SharedStep, "processes" | "rows" | "sumBytes" | "gatherBytes"> {
  /** The most memory that a process should take. */
  readonly peakBytes: number;
  /** Seconds of what they exchange; null where nobody measured it. */
  readonly exchangeSeconds: number | null;
}

/** Times of specs by the rates of a machine: one for each backend that has some; none where nothing trains. */
export type TimesOf = (spec: TracedSpec, step: BuiltStep) => readonly ExpectedTime[];

interface Rated {
  readonly runner: Backend;
  readonly found: BackendRates;
}

/** The rates of a machine; null where there are none, after a note that says why, and `wrong` after diagnostics. */
function ratesAt(
  { machine }: TimedWhere,
  reporter: Pick<Reporter, "note" | "diagnostics">,
): MachineRates | null | "wrong" {
  if (machine !== null) {
    const carried = readCarriedRates(machine);
    if (carried.kind === "ok") return carried.value;
    reporter.diagnostics([carried.problem]);
    return "wrong";
  }
  const stored = readRates();
  if (stored.kind === "rates") return stored.rates;
  const why = stored.kind === "refused" ? stored.why : "nothing was measured on this machine";
  reporter.note(`the time of a step is unknown: ${why}; to measure, run: medctc bench --calibrate`);
  return null;
}

/** The backends that train in so many processes, with the rates that were measured of them. */
function ratedBackends({ backends }: MachineRates, processes: number): readonly Rated[] {
  return backends.flatMap((found): readonly Rated[] => {
    const runner = backendNamed(found.backend);
    return runner === null || (processes > 1 && runner.runs === "programs") ? [] : [{ runner, found }];
  });
}

/** An epoch of a spec by so many examples; null where its times are unknown. */
export type EpochOf = (examples: ExampleCounts) => PrintedEpoch | null;

/** Epochs of specs on one backend, or on the first that has rates, in one process; null after reporting what is wrong with a file. */
export function epochsAt(
  machine: string | null,
  backend: string,
  reporter: Pick<Reporter, "note" | "diagnostics">,
): ((spec: TracedSpec, step: BuiltStep) => EpochOf) | null {
  const where = { ...timedHere, machine };
  const rates = ratesAt(where, machine === null ? { ...reporter, note: () => undefined } : reporter);
  if (rates === "wrong") return null;
  const rated = rates === null ? [] : ratedBackends(rates, 1);
  const known = rated.find(({ runner }) => backend === "auto" || runner.name === backend);
  return (spec, step) => {
    const timed = known === undefined ? null : alone(spec, step, known);
    if (rates === null || known === undefined || timed === null) return () => null;
    return (examples) => epochOf(spec, examples, { ...known, where, machine: rates, timed });
  };
}

/**
 * Reads the rates of a machine, for steps and for epochs of so many examples. Without rates of this machine there is a note, and no times;
 * null after reporting what is wrong with a file.
 */
export function timesAt({ where, examples }: Timed, reporter: Pick<Reporter, "note" | "diagnostics">): TimesOf | null {
  const rates = ratesAt(where, reporter);
  if (rates === "wrong") return null;
  if (rates === null) return () => [];
  const processes = where.processes * where.nodes;
  const rated = ratedBackends(rates, processes);
  if (rated.length === 0 && processes > 1) {
    const again = "to measure, run there: medctc bench --calibrate --backend pytorch";
    reporter.note(
      `the time of a step is unknown: there are no rates of PyTorch, which alone trains in several processes; ${again}`,
    );
  }
  return (spec, step) =>
    rated.flatMap((each): readonly ExpectedTime[] => {
      const { runner, found } = each;
      const timed = processes === 1 ? alone(spec, step, each) : shared(spec, where, each);
      if (timed === null) return [];
      const epoch = examples === null ? null : epochOf(spec, examples, { ...each, where, machine: rates, timed });
      const machine = where.machine === null ? null : describe(rates, found);
      const { seconds, share } = timed;
      const whole = seconds + (share?.exchangeSeconds ?? 0);
      return [{ title: runner.title, seconds: whole, measured: found.measured, machine, share, epoch }];
    });
}

/** A step, without what processes exchange. */
interface TimedStep {
  readonly seconds: number;
  readonly share: ExpectedShare | null;
}

function alone(spec: TracedSpec, step: BuiltStep, { runner, found }: Rated): TimedStep | null {
  const seconds = expectStepTime(spec, found.rates, runner, step);
  return seconds === null ? null : { seconds, share: null };
}

function shared(spec: TracedSpec, { processes, nodes }: TimedWhere, { runner, found }: Rated): TimedStep | null {
  const share = shareStep(spec, processes * nodes, runner);
  if (share === null) return null;
  const { programs, rows, sumBytes, gatherBytes } = share;
  const seconds = expectTimeOf(programs, ratesOfProcess(found, processes));
  const exchangeSeconds = found.exchange === null ? null : expectExchangeTime(share, found.exchange);
  const peakBytes = expectProcessBytes(share);
  return { seconds, share: { processes: share.processes, rows, sumBytes, gatherBytes, peakBytes, exchangeSeconds } };
}

/** A process has a GPU of its own, or its part of the processor. */
function ratesOfProcess({ rates, gpus }: BackendRates, processes: number) {
  return gpus === null ? ratesOfShare(rates, processes) : rates;
}

/** `AMD EPYC 9654, 2 threads` */
function describe({ processor, threads }: MachineRates, { device, gpus }: BackendRates): string {
  return gpus === null || device === null ? `${processor}, ${threads} threads` : `${device}, ${processor}`;
}

interface EpochPart extends Rated {
  readonly where: TimedWhere;
  readonly machine: MachineRates;
  readonly timed: TimedStep;
}

function epochOf(spec: TracedSpec, examples: ExampleCounts, of: EpochPart): PrintedEpoch {
  const { runner, found, where, timed } = of;
  const { threads, voxelsRead, bytesRead, saving } = of.machine;
  const { heldOut } = examples;
  // One process evaluates, as it trains.
  const rates = ratesOfProcess(found, where.processes);
  const evaluation = heldOut === null ? null : expectValidationTime(spec, heldOut, rates, runner);
  const voxels = storedVoxelsOf(spec);
  const secondsBy = (rate: number | null, amount: number): number | null => {
    if (amount === 0) return 0;
    return rate === null ? null : amount / rate;
  };
  return expectEpoch(
    examples,
    epochWork(examples, spec.settings),
    {
      step: timed.seconds,
      gather: timed.share === null ? 0 : timed.share.exchangeSeconds,
      evaluation: evaluation ?? 0,
      save: saving === null ? null : saving.seconds + checkpointBytes(spec) / saving.bytes,
    },
    {
      machines: where.nodes,
      threads,
      isOnProcessor: found.gpus === null,
      decode: secondsBy(voxelsRead, voxels),
      read: secondsBy(bytesRead, voxels * storedBytes),
    },
  );
}

/** Cubic millimetres of a voxel of a scan as it is stored: 0.7 x 0.7 x 1, as in CT-RATE. */
const storedVoxel = 0.49;

/** Bytes of such a voxel: two that are gzipped, of which a chest's take about half. */
const storedBytes = 1;

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
