import { availableParallelism } from "node:os";
import { printRecompute, type TracedSpec } from "../../../compiler/index.ts";
import { type Backend, engineName, precisionOn } from "../../backends/index.ts";
import { type Measurement, type Profile, productSize, type Request, type Spread, spreadOf } from "../../bench/index.ts";
import { instructionSets, processorName } from "../../machine/index.ts";

/** What a benchmark found; its JSON form is what `--json` prints. */
export interface BenchReport {
  readonly spec: string;
  readonly program: string;
  readonly batch: number;
  readonly precision: string;
  readonly recompute: string;
  readonly backend: string;
  readonly machine: {
    readonly processor: string;
    /** Those that decide how fast products are; none where the system does not tell. */
    readonly instructions: readonly string[];
    readonly threads: number;
    readonly node: string;
    /** What ran, with its version where it has one. */
    readonly engine: string;
    readonly device: string;
  };
  readonly firstMs: number;
  readonly warmup: number;
  readonly steps: Spread;
  readonly memory: { readonly loadedBytes: number; readonly peakBytes: number };
  /** Of one run, as the passes left it. */
  readonly flops: number;
  readonly gflopsPerSecond: number;
  /** Products of two square matrices on the same engine; null when they were not measured. */
  readonly product: { readonly size: number; readonly dtype: string; readonly gflopsPerSecond: number } | null;
  /** The run's rate as a share of that of the products. */
  readonly shareOfProduct: number | null;
  readonly profile: (Profile & { readonly file: string }) | null;
}

export interface Found {
  readonly path: string;
  readonly request: Pick<Request, "program" | "warmup">;
  readonly settings: TracedSpec["settings"];
  readonly backend: Backend;
  readonly measurement: Measurement;
}

export function reportOf(found: Found, profile: BenchReport["profile"]): BenchReport {
  const { path, request, settings, backend, measurement } = found;
  const { device, flops, firstMs, timesMs, loadedBytes, peakBytes, productMs } = measurement;
  const { batch, precision, recompute } = settings;
  const steps = spreadOf(timesMs);
  const rate = gflopsPerSecond(flops, steps.medianMs);
  const best = productMs === null ? null : gflopsPerSecond(2 * productSize ** 3, productMs);
  return {
    spec: path,
    program: request.program,
    batch,
    precision,
    recompute: printRecompute(recompute),
    backend: backend.name,
    machine: {
      processor: processorName(),
      instructions: instructionSets(),
      threads: availableParallelism(),
      node: process.versions.node,
      engine: engineName(backend),
      device,
    },
    firstMs,
    warmup: request.warmup,
    steps,
    memory: { loadedBytes, peakBytes },
    flops,
    gflopsPerSecond: rate,
    product:
      best === null ? null : { size: productSize, dtype: precisionOn(backend, precision), gflopsPerSecond: best },
    shareOfProduct: best === null ? null : rate / best,
    profile,
  };
}

function gflopsPerSecond(flops: number, ms: number): number {
  return flops / ms / 1e6;
}
