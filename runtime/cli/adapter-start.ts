import { InvalidArgumentError } from "@commander-js/extra-typings";
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
    .option("--rho <number>", "redistribute ranks by explained variance, each up to this many times its own", rho, 1)
    .option("--whiten", "divide each direction by the square root of its singular value")
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
        rho: flags.rho,
        whiten: flags.whiten ?? false,
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
padding; the model is that of the first step without dropout and \`augment\`, in 32-bit floats.

Modules keep their ranks unless --rho is above 1 (PEFT's default is 2): then these are dealt out anew, where most variance is explained, the same
number in all, and a module may lose its adapter. alpha keeps its ratio to the rank. The placements with the new ranks are printed, and
written beside the file as a variant of the spec, which is what to train.

Examples:
  $ medctc adapter start specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o start.safetensors
  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter start.safetensors -o run
  $ medctc adapter start specs/medct.vlm --rho 2 --data ct-rate --weights CT-CLIP.safetensors -o ranks.safetensors
  $ medctc train ranks.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter ranks.safetensors -o run`;

/** Reads a factor that is not below 1. */
function rho(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 1 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Must be a number that is not below 1.");
}

function rendered({ modules, batches, tensors, bytes, placements, variant }: Started, output: string): string {
  const rows = modules.map(({ module, rank, share: part }) => [printable(module), String(rank), printShare(part, 1)]);
  const table = renderTable([["", "rank", "of variance"], ...rows], ["left", "right", "right"]);
  const lines =
    placements === null ? "" : `\nplacements with these ranks:\n${placements.map((line) => `  ${line}\n`).join("")}`;
  const file = `${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, of ${countBatches(batches)}, in ${output}`;
  return `${table}\n${lines}${placements === null ? "" : "\n"}${file}${variant === null ? "" : `, for ${variant}`}\n`;
}
