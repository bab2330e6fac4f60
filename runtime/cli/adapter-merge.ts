import { printBytes, printNumberOf } from "../../compiler/index.ts";
import { exportWeights } from "../app/export/weights.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addWeightChoices, weightChoices } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addWeightChoices(command)
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .requiredOption("--weights <file>", "the model's weights, by their names in checkpoints")
    .requiredOption("--adapter <path>", "the adapters' weights: a file, or the folder of a run or of a PEFT adapter")
    .option("--allow-missing <pattern...>", "names of weights that may be missing, such as 'to_*'")
    .requiredOption("-o, --output <file>", "safetensors file for the result")
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc adapter merge specs/medct.vlm --weights CT-CLIP.safetensors --adapter run -o merged.safetensors",
    )
    .action(async (spec, flags) => {
      const { set, weights, adapter, allowMissing = [], output } = flags;
      const choices = weightChoices(flags);
      const request = { choices, spec, set, file: output, weights, adapter, allowMissing, merge: true };
      end(
        finish(await exportWeights(request, terminalReporter(terminal)), ({ tensors, bytes }) => {
          terminal.out(`${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, in ${output}\n`);
          return exitCodes.done;
        }),
      );
    });
};
