import { printBytes, printFlops } from "../../compiler/index.ts";
import type { Calibrated } from "../app/bench/calibrate.ts";
import type { BenchReport } from "../app/bench/report.ts";
import type { Share } from "../bench/index.ts";
import { printCount, renderTable } from "../text/index.ts";

/** A benchmark in one screen, and the tables of the profile. */
export function renderBench(report: BenchReport): string {
  const { machine, steps, memory, product } = report;
  const { processor, instructions, threads, engine, device } = machine;
  const parts = [processor, ...instructions, `${threads} threads`, engine, device];
  const rows = [
    ["machine", parts.join(", ")],
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

/** What a machine does in a second, a backend a row. */
export function renderCalibration(found: Calibrated): string {
  const { processor, instructions, threads, backends, path, output } = found;
  const rows = backends.map(({ backend, measured, rates: { productFlops, bytes, operationSeconds, runSeconds } }) => [
    backend,
    printRate(productFlops.f32 / 1e9),
    productFlops.bf16 === null ? "as f32" : printRate(productFlops.bf16 / 1e9),
    printBytesRate(bytes),
    `${(1e6 * operationSeconds).toPrecision(3)} us`,
    runSeconds === 0 ? "-" : printMs(1000 * runSeconds),
    measured,
  ]);
  const header = ["backend", "products in f32", "in bf16", "memory", "an operation", "a run", "measured"];
  const table = renderTable([header, ...rows], ["left", "right", "right", "right", "right", "right", "left"]);
  const stored = `stored in ${path}; medctc compile SPEC --time expects times from it\n`;
  const carried =
    output === null ? "" : `written to ${output}; --machine ${output} expects times of this machine elsewhere\n`;
  const machine = [processor, ...instructions, `${threads} threads`].join(", ");
  return `${machine}\n${table}${renderStorage(found)}${backends.map(renderExchange).join("")}${stored}${carried}`;
}

function renderStorage({ voxelsRead, bytesRead, saving }: Calibrated): string {
  const lines = [
    ...(voxelsRead === null ? [] : [`a thread decodes ${(voxelsRead / 1e6).toPrecision(3)} million voxels a second`]),
    ...(bytesRead === null ? [] : [`the disk gives ${printBytesRate(bytesRead)}`]),
    ...(saving === null
      ? []
      : [
          `saving a checkpoint takes ${printMs(1000 * saving.seconds)}, and 1 s more for each ${printBytes(saving.bytes)} of it`,
        ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** What two processes of a backend exchange. */
function renderExchange({ backend, exchange }: Calibrated["backends"][number]): string {
  if (exchange === null) return "";
  const { latencySeconds, sumBytes, gatherBytes } = exchange;
  const rates = `${printBytesRate(sumBytes)} of gradients and ${printBytesRate(gatherBytes)} of rows`;
  return `two processes of ${backend} exchange ${rates}, and wait ${printMs(1000 * latencySeconds)} each time\n`;
}

function printBytesRate(rate: number): string {
  return `${(rate / 1e9).toPrecision(3)} GB/s`;
}

function renderProfile({ profile, steps }: BenchReport): string {
  if (profile === null) return "";
  const { ms, operations, modules, file } = profile;
  const about = `one profiled run: ${printMs(ms)} in operations, ${printMs(steps.medianMs)} without profiling`;
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
