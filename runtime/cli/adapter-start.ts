import { printBytes, printNumberOf } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { countBatches, type Started, startAdapter } from "../app/adapters/start.ts";
import { printShare, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { backendOption, setOption, share, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addReadingOptions } from "./volume-options.ts";
import { weightChoices, weightsCopyOption } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  const start = command
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .option("--data <folder>", "a data set, as `medctc train` takes it; default: `folder` of the `data` block")
    .option("--weights <file>", "the model's weights, by their names in checkpoints; default: random")
    .addOption(weightsCopyOption())
    .option("--batches <number>", "maximum number of batches to read; default: those of an epoch", wholeNumber(1))
    .option("--converged <cosine>", "stop when all directions are that near to those of the batch before", share, 0.99)
    .addOption(backendOption("execution backend", "programs"));
  addReadingOptions(start)
    .requiredOption("-o, --output <file>", "safetensors file for the result")
    .addHelpText("after", help)
    .action(async (spec, flags) => {
      const { set, data = null, weights = null, allowMissing = [], vocab = null, skipBad = false } = flags;
      const { cache = null, cacheSize: cacheBytes, workers = null, seed = null, backend, converged, output } = flags;
      const request = {
        ...{ spec, set, data, weights, allowMissing, vocab, skipBad, cache, cacheBytes, workers, seed, backend },
        choices: weightChoices({ weightsCopy: flags.weightsCopy }),
        batches: flags.batches ?? null,
        converged,
        file: output,
      };
      end(
        finish(await startAdapter(request, terminalReporter(terminal)), (started) => {
          terminal.out(rendered(started, output));
          return exitCodes.done;
        }),
      );
    });
};

const help = `
Writes what medctc train --adapter starts from: down of each LoRA as the leading principal directions of its module's inputs on training
data, and up as zero (EVA, Paischer et al., 2024). The first step computes the same model as without. All rows count, also those of
padding; the model is that of the first step without dropout and \`augment\`, in 32-bit floats. Modules keep their ranks.

Examples:
  $ medctc adapter start specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o start.safetensors
  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter start.safetensors -o run`;

function rendered({ modules, batches, tensors, bytes }: Started, output: string): string {
  const rows = modules.map(({ module, rank, share: part }) => [printable(module), String(rank), printShare(part, 1)]);
  const table = renderTable([["", "rank", "of variance"], ...rows], ["left", "right", "right"]);
  return `${table}\n${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, of ${countBatches(batches)}, in ${output}\n`;
}
