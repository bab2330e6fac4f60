import { availableParallelism, cpus } from "node:os";
import { printBytes, printFlops, type TracedSpec } from "../../compiler/index.ts";
import { type Backend, engineName, precisionOn } from "../backends/index.ts";
import {
  type Measurement,
  type Profile,
  productSize,
  type Request,
  type Share,
  type Spread,
  spreadOf,
} from "../bench/index.ts";
import { printCount, renderTable } from "../text/index.ts";

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
  readonly options: Pick<Request, "program" | "warmup">;
  readonly settings: TracedSpec["settings"];
  readonly backend: Backend;
  readonly measurement: Measurement;
}

export function reportOf(found: Found, profile: BenchReport["profile"]): BenchReport {
  const { path, options, settings, backend, measurement } = found;
  const { device, flops, firstMs, timesMs, loadedBytes, peakBytes, productMs } = measurement;
  const { batch, precision, recompute } = settings;
  const steps = spreadOf(timesMs);
  const rate = gflopsPerSecond(flops, steps.medianMs);
  const best = productMs === null ? null : gflopsPerSecond(2 * productSize ** 3, productMs);
  return {
    spec: path,
    program: options.program,
    batch,
    precision,
    recompute,
    backend: backend.name,
    machine: {
      processor: cpus()[0]?.model.trim() ?? "unknown processor",
      threads: availableParallelism(),
      node: process.versions.node,
      engine: engineName(backend),
      device,
    },
    firstMs,
    warmup: options.warmup,
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

/** A benchmark in one screen, and the tables of the profile. */
export function renderBench(report: BenchReport): string {
  const { machine, steps, memory, product } = report;
  const rows = [
    ["machine", `${machine.processor}, ${machine.threads} threads, ${machine.engine}, ${machine.device}`],
    ["first run", printMs(report.firstMs)],
    ["a run", `${printMs(steps.medianMs)}, the median of ${steps.count} after ${1 + report.warmup}`],
    [
      "spread",
      `${printMs(steps.minMs)} to ${printMs(steps.maxMs)}, half of them within ${printMs(steps.interquartileMs)}`,
    ],
    ["memory", `${printBytes(memory.loadedBytes)} after loading, ${printBytes(memory.peakBytes)} at most`],
    ["work", `${printFlops(report.flops)} a run, ${printRate(report.gflopsPerSecond)}`],
  ];
  if (product !== null && report.shareOfProduct !== null) {
    const share = `${(100 * report.shareOfProduct).toFixed(1)} %`;
    const size = `${product.size} x ${product.size}`;
    rows.push([
      "products",
      `${printRate(product.gflopsPerSecond)} for ${size} in ${product.dtype}; the run has ${share} of it`,
    ]);
  }
  const title = [report.spec, report.program, `batch ${report.batch}`, report.precision];
  if (report.recompute !== "none") title.push(`recompute ${report.recompute}`);
  return `${title.join(", ")}\n${renderTable(rows, ["left", "left"])}${renderProfile(report)}`;
}

function renderProfile({ profile, steps }: BenchReport): string {
  if (profile === null) return "";
  const { ms, operations, modules, file } = profile;
  const about = `one run with every operation written down: ${printMs(ms)} in operations, ${printMs(steps.medianMs)} without that`;
  return `\n${about}; its trace is ${file}\n\n${sharesTable("operation", operations)}\n${sharesTable("module", modules)}`;
}

function sharesTable(title: string, shares: readonly Share[]): string {
  const shown = shares.slice(0, 20);
  const rows = shown.map(({ name, ms, share, count }) => [
    name,
    ms.toFixed(2),
    `${(100 * share).toFixed(1)} %`,
    printCount(count),
  ]);
  const rest = shares.length > shown.length ? `... and ${shares.length - shown.length} more\n` : "";
  return renderTable([[title, "ms", "share", "count"], ...rows], ["left", "right", "right", "right"]) + rest;
}

function printMs(ms: number): string {
  return `${ms < 100 ? ms.toPrecision(3) : ms.toFixed(0)} ms`;
}

function printRate(rate: number): string {
  return `${rate < 100 ? rate.toPrecision(3) : rate.toFixed(0)} GFLOP/s`;
}
