import { printNumberOf } from "../../compiler/index.ts";
import { train } from "../app/train/train.ts";
import { evaluationTable } from "../evaluate/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { attachOption, launchOf, nodeRankOption, nodesOption, rendezvousOption } from "./launch-options.ts";
import { wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addVolumeOptions, volumeRequest } from "./volume-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addVolumeOptions(command, "folder for checkpoints, adapters, logs and the report; default: runs/SPEC")
    .option("--steps <number>", "number of steps, instead of the spec's", wholeNumber(1))
    .option("--resume", "resume the run in the folder, bit for bit as if uninterrupted")
    .addOption(nodesOption())
    .addOption(nodeRankOption())
    .addOption(rendezvousOption())
    .addOption(attachOption())
    .addHelpText(
      "after",
      "\nCtrl-C stops a run between two steps and saves it." +
        "\n\nExamples:\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run" +
        "\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run --resume" +
        "\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run --backend pytorch --processes 4",
    )
    .action(async (spec, flags) => {
      const { steps = null, resume = false, processes, python, nodes, nodeRank, rendezvous, attach } = flags;
      const launch = launchOf({ processes, python, nodes, nodeRank, rendezvous, attach }, terminal);
      if (launch === "wrong") return end(exitCodes.usage);
      const ended = await train({ ...volumeRequest(spec, flags), steps, resume, launch }, terminalReporter(terminal));
      end(
        finish(ended, (trained) => {
          // A machine that follows another one leaves the results to that one.
          if (trained === null) return exitCodes.done;
          const { evaluation, adapterPath, reportPath } = trained;
          if (evaluation !== null) terminal.out(`${evaluationTable(evaluation)}\n`);
          terminal.out(
            `trained ${printNumberOf(trained.steps, "step")}\n  adapters  ${adapterPath}\n  report    ${reportPath}\n`,
          );
          return exitCodes.done;
        }),
      );
    });
};
