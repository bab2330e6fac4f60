import { printBytes, printNumberOf } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { readCardSources, writeCard } from "../app/export/card.ts";
import { cardOfServed } from "../app/export/card-of.ts";
import type { ExportedProgram } from "../app/export/emit-programs.ts";
import { integerLines } from "../app/export/integer-report.ts";
import { exportServed } from "../app/export/served/export-served.ts";
import type { GivenWeights } from "../app/weights/open.ts";
import { type CardFlags, cardOptions } from "./card-options.ts";
import { finish } from "./exit-code.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

interface ServedFlags extends CardFlags {
  /** True where no adapter is named yet. */
  readonly serve?: readonly string[] | boolean | undefined;
  readonly keepBase?: boolean | undefined;
  readonly program?: ExportedProgram | undefined;
  readonly batch?: number | undefined;
  readonly dynamicBatch?: boolean | undefined;
  readonly half?: boolean | undefined;
  readonly int8?: boolean | undefined;
}

interface GivenServed extends Omit<GivenWeights, "adapter"> {
  readonly spec: string;
  readonly set: readonly string[];
  readonly onnx: string | undefined;
  readonly flags: ServedFlags;
}

/** `medctc export --serve`: a model once, and adapters for it by name. */
export async function exportServedCommand(
  { onnx, flags, ...given }: GivenServed,
  terminal: Terminal,
): Promise<ExitCode> {
  const { serve, keepBase = false, program = null, half = false, int8 = false } = flags;
  if (serve === undefined || onnx === undefined) {
    const [option, other] = onnx === undefined ? ["--serve", "--onnx DIR"] : ["--keep-base", "--serve NAME=PATH"];
    terminal.err(`error: ${option} needs ${other}\n`);
    return exitCodes.usage;
  }
  const adapters = typeof serve === "boolean" ? [] : serve;
  const batch = flags.dynamicBatch === true ? ("dynamic" as const) : (flags.batch ?? null);
  const request = { ...given, onnx, program, half, int8, batch, adapters, keepBase };
  const start = performance.now();
  const reporter = terminalReporter(terminal);
  const sources = await readCardSources(cardOptions(flags), null, reporter);
  if (sources === null) return exitCodes.wrong;
  return finish(await exportServed(request, reporter), (written) => {
    for (const line of written.integers === null ? [] : integerLines(written.integers))
      terminal.out(`${printable(line)}\n`);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const base = keepBase ? "" : `${written.programs.join(", ")} with weights.data, and `;
    const count = printNumberOf(written.written.length, "adapter");
    terminal.out(`${base}${count} of ${printBytes(written.adapterBytes)} in ${onnx}: ${seconds} s\n`);
    terminal.out(`adapters: ${written.adapters.join(", ")}\n`);
    return writeCard(sources, cardOfServed(onnx, given.weights, written), reporter) ? exitCodes.done : exitCodes.wrong;
  });
}
