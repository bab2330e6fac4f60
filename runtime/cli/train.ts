import { printNumberOf } from "../../compiler/index.ts";
import { writeTrainingJob } from "../app/train/job.ts";
import { train } from "../app/train/train.ts";
import { evaluationTable } from "../evaluate/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { addJobOptions, jobRequest } from "./job-options.ts";
import { attachOption, launchOf, nodeRankOption, nodesOption, rendezvousOption } from "./launch-options.ts";
import { wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addModelOptions, addVolumeOptions, volumeRequest } from "./volume-options.ts";
import { adapterAt } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  const model = addModelOptions(command).option(
    "--adapter <path>",
    "the adapters' weights: a file, or the folder of a run or of a PEFT adapter",
  );
  const volumes = addVolumeOptions(model, "folder for checkpoints, adapters, logs and the report; default: runs/SPEC")
    .option("--steps <number>", "number of steps, instead of the spec's", wholeNumber(1))
    .option("--resume", "resume the run in the folder, bit for bit as if uninterrupted")
    .addOption(nodesOption())
    .addOption(nodeRankOption())
    .addOption(rendezvousOption())
    .addOption(attachOption());
  addJobOptions(volumes)
    .addHelpText(
      "after",
      "\nCtrl-C stops a run between two steps and saves it." +
        "\n--adapter is what a run starts from; medctc adapter start computes it from the training data." +
        "\n\n--emit-jobs writes RUN/jobs/train.sh for sbatch, or RUN/jobs/ray_train.py: a training on --nodes machines with --processes on" +
        "\neach, in PyTorch, saved before its time is up, and resumed. The machines share a file system with the folder." +
        "\n\nExamples:\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run" +
        "\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run --resume" +
        "\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run --backend pytorch --processes 4" +
        "\n  $ medctc train specs/medct.vlm --data ct-rate -o run --emit-jobs slurm --nodes 2 --processes 4 --partition gpu",
    )
    .action(async (spec, flags) => {
      const {
        adapter = null,
        steps = null,
        resume = false,
        processes,
        python,
        nodes,
        nodeRank,
        rendezvous,
        attach,
      } = flags;
      const request = { ...volumeRequest(spec, flags), adapter: adapterAt(adapter, flags), steps, resume };
      const job = jobRequest(flags, terminal);
      if (job === "wrong") return end(exitCodes.usage);
      if (job !== null) {
        return end(
          finish(writeTrainingJob({ ...request, launch: null }, job, terminalReporter(terminal)), (start) => {
            terminal.out(`start it with\n  ${start}\n`);
            return exitCodes.done;
          }),
        );
      }
      const launch = launchOf({ processes, python, nodes, nodeRank, rendezvous, attach }, terminal);
      if (launch === "wrong") return end(exitCodes.usage);
      const ended = await train({ ...request, launch }, terminalReporter(terminal));
      end(
        finish(ended, (trained) => {
          // A machine that follows another one leaves the results to that one.
          if (trained === null) return exitCodes.done;
          const { evaluation, loss, adapterPath, reportPath } = trained;
          if (evaluation !== null) terminal.out(`${evaluationTable(evaluation)}\n`);
          if (loss !== null)
            terminal.out(`validation loss ${(loss.values.get("loss") ?? Number.NaN).toPrecision(4)}\n`);
          terminal.out(
            `trained ${printNumberOf(trained.steps, "step")}\n  adapters  ${adapterPath}\n  report    ${reportPath}\n`,
          );
          return exitCodes.done;
        }),
      );
    });
};
