import { type DataSynth, synthesize } from "../app/data/synth.ts";
import { splits } from "../data/synth/index.ts";
import { renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folder>", "output folder; a data set of this command in it is replaced, other files are kept")
    .option("--pairs <number>", "training volumes with reports", wholeNumber(1), 120)
    .option("--valid <number>", "held-out volumes; default: a third of the pairs, at least 24", wholeNumber(1))
    .option("--seed <number>", "random seed; the same seed gives the same bytes", wholeNumber(0), 1)
    .addHelpText("after", "\nExample:\n  $ medctc data synth ct --pairs 120 --seed 1")
    .action((folder, { pairs, valid, seed }) => {
      const start = performance.now();
      const ended = synthesize({ folder, pairs, valid: valid ?? null, seed }, terminalReporter(terminal));
      end(
        finish(ended, (made) => {
          const seconds = ((performance.now() - start) / 1000).toFixed(1);
          terminal.out(describe(made, folder, seed, seconds));
          return exitCodes.done;
        }),
      );
    });
};

function describe({ pairs, valid, written }: DataSynth, folder: string, seed: number, seconds: string): string {
  const size = `${pairs} training volumes with reports and ${valid} held out`;
  if (written === null) return `${size} are in ${folder} already, of seed ${seed}\n`;
  const rows = written.planted.map(({ name, counts }) => [
    `  ${name}`,
    ...splits.map((split) => String(counts[split])),
  ]);
  const table = renderTable([["  planted", ...splits], ...rows], ["left", "right", "right"]);
  return `${size} in ${folder}: ${(written.bytes / 1e6).toFixed(1)} MB, ${seconds} s\n${table}`;
}
