import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { printNumberOf } from "../../compiler/index.ts";
import { trackRuns } from "../app/track.ts";
import { listWords } from "../text/index.ts";
import { type FileKind, fileKinds, trackers } from "../trackers/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folders...>", "folders of `medctc train -o` or `medctc sweep -o`; a training may still be running")
    .addOption(
      new Option("--to <tracker>", "whose folder to write")
        .choices(trackers.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .requiredOption("-o, --output <folder>", "that folder: MLflow's `mlruns`, W&B's `wandb`; other runs in it stay")
    .option("--experiment <name>", "MLflow's experiment, or W&B's project", "medctc")
    .addOption(
      new Option(
        "--files <kinds>",
        `files to keep with each run: ${listWords(fileKinds, "and")}, or none (default: ${defaultFiles()})`,
      ).argParser(readKinds),
    )
    .addHelpText(
      "after",
      "\nWrites each run's settings, logged steps, results on held-out data, and files. Run it again as a training goes on: what was" +
        "\nwritten of a run before is replaced. Nothing is sent anywhere; the tracker shows what is written, or uploads it." +
        "\n\nExamples:\n  $ medctc track runs/lora --to mlflow -o mlruns" +
        "\n  $ medctc track runs/lora runs/sweep --to wandb -o wandb --experiment chest",
    )
    .action((folders, { to, output, experiment, files = null }) => {
      const request = { folders, to, output, experiment, files };
      const ended = trackRuns(request, terminalReporter(terminal));
      end(
        finish(ended, ({ title, runs, next }) => {
          terminal.out(`${printNumberOf(runs.length, "run")} in ${output}\n`);
          for (const { name, folder } of runs) terminal.out(`  ${name}: ${folder}\n`);
          terminal.out(`\nIn ${title}:\n${next.map((line) => `  ${line}\n`).join("")}`);
          return exitCodes.done;
        }),
      );
    });
};

function defaultFiles(): string {
  return trackers.map(({ title, defaultFiles: kinds }) => `${kinds.join(",")} for ${title}`).join("; ");
}

function readKinds(text: string): readonly FileKind[] {
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const kind = fileKinds.find((each) => each === word);
    if (kind === undefined)
      throw new InvalidArgumentError(`Allowed are ${fileKinds.join(", ")}, separated by commas, or none.`);
    return kind;
  });
}
