import { InvalidArgumentError } from "@commander-js/extra-typings";
import { printBytes, printNumberOf } from "../../compiler/index.ts";
import { exportWeights } from "../app/export/weights.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { adapterAt, addWeightChoices, dtypeOption, weightChoices } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addWeightChoices(command)
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
      const request = {
        choices,
        spec,
        set,
        file: output,
        weights,
        adapter: adapterAt(adapter, flags),
        allowMissing,
        dtype,
        merge: true,
        needsAdapters: true,
      };
      end(
        finish(await exportWeights(request, terminalReporter(terminal)), ({ tensors, bytes }) => {
          terminal.out(`${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, in ${output}\n`);
          return exitCodes.done;
        }),
      );
    });
};

/** Commander takes the last of several; the others would be left out without a word. */
function onlyAdapter(path: string, earlier: string | undefined): string {
  if (earlier === undefined) return path;
  throw new InvalidArgumentError(
    "One adapter is folded into the weights; medctc adapter combine makes one of several.",
  );
}
