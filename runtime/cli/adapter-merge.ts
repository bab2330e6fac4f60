import { InvalidArgumentError } from "@commander-js/extra-typings";
import { printBytes, printNumberOf } from "../../compiler/index.ts";
import { readCardSources, writeCard } from "../app/export/card.ts";
import { cardOfWeights } from "../app/export/card-of.ts";
import { exportWeights } from "../app/export/weights.ts";
import { addCardOptions, cardOptions } from "./card-options.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { adapterAt, addWeightChoices, dtypeOption, weightChoices } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addCardOptions(addWeightChoices(command))
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .requiredOption("--weights <file>", "the model's weights, by their names in checkpoints")
    .option(
      "--adapter <path>",
      "the adapters' weights: a file, or the folder of a run or of a PEFT adapter; default: those in a PeftModel's checkpoint",
      onlyAdapter,
    )
    .option("--allow-missing <pattern...>", "names of weights that may be missing, such as 'to_*'")
    .addOption(dtypeOption())
    .requiredOption("-o, --output <file>", "safetensors file for the result")
    .addHelpText(
      "after",
      "\nThe result has every tensor of the checkpoint by its name there, also those that the spec does not have, so that the" +
        "\nmodel's own code loads it; what is left out is listed. It is one file, also where the checkpoint is sharded." +
        "\nmedctc adapter combine makes one adapter of several." +
        "\n\nExample:\n  $ medctc adapter merge specs/medct.vlm --weights CT-CLIP.safetensors --adapter run -o merged.safetensors",
    )
    .action(async (spec, flags) => {
      const { set, weights, adapter = null, allowMissing = [], dtype = null, output } = flags;
      const choices = weightChoices(flags);
      const given = { choices, spec, set, weights, adapter: adapterAt(adapter, flags), allowMissing };
      const reporter = terminalReporter(terminal);
      const sources = await readCardSources(cardOptions(flags), given.adapter, reporter);
      if (sources === null) return end(exitCodes.wrong);
      const request = { ...given, file: output, dtype, merge: true, needsAdapters: true };
      const ended = await exportWeights(request, reporter);
      const code = finish(ended, (merged) => {
        const { tensors, bytes } = merged;
        terminal.out(`${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, in ${output}\n`);
        const isWritten = writeCard(sources, cardOfWeights(output, true, given, merged), reporter);
        return isWritten ? exitCodes.done : exitCodes.wrong;
      });
      end(code);
    });
};

/** Commander takes the last of several; the others would be left out without a word. */
function onlyAdapter(path: string, earlier: string | undefined): string {
  if (earlier === undefined) return path;
  throw new InvalidArgumentError(
    "One adapter is folded into the weights; medctc adapter combine makes one of several.",
  );
}
