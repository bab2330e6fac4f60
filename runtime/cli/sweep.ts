import { Option } from "@commander-js/extra-typings";
import { sweep } from "../app/sweep/sweep.ts";
import { jobSystems } from "../train/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { amount, backendOption, wholeNumber } from "./option-values.ts";
import { printSweep } from "./sweep-table.ts";
import { type ExitCode, exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<file>", "a sweep file (YAML): a spec, and the placements or settings to try")
    .option("-o, --output <folder>", "folder for specs, runs and results; default: runs/FILE; finished runs are kept")
    .option(
      "--jobs <number>",
      "number of parallel runs; default: as many as memory and processors allow",
      wholeNumber(1),
    )
    .addOption(backendOption("execution backend", "training"))
    .option("--cache <folder>", "folder for preprocessed volumes; default: medctc's cache")
    .addOption(
      new Option("--cache-size <amount>", "maximum size of that folder; 0 to keep nothing")
        .argParser(amount)
        .default(20e9, "20GB"),
    )
    .addOption(new Option("--emit-jobs <system>", "run nothing; write jobs for a cluster").choices(jobSystems))
    .option("--machine <file>", "with --emit-jobs: expect times there, where bench --calibrate -o wrote this file")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nCtrl-C saves the active runs; the same command resumes them. A run that fails does not stop the others." +
        "\n\nExamples:\n  $ medctc sweep examples/synthetic/sweep.yaml -o runs/sweep" +
        "\n  $ medctc sweep sweep.yaml -o runs/sweep --emit-jobs slurm --machine h100.json\n  $ medctc sweep collect runs/sweep",
    )
    .action(async (file, flags) => {
      const { output = null, jobs = null, backend, cache = null, cacheSize: cacheBytes, json = false } = flags;
      const { programFile } = terminal;
      const { machine = null } = flags;
      if (machine !== null && flags.emitJobs === undefined) {
        terminal.err(
          "error: --machine is for jobs; runs here take the rates of this machine\n  help: add --emit-jobs SYSTEM\n",
        );
        return end(exitCodes.usage);
      }
      const request = {
        ...{ file, output, jobs, backend, cache, cacheBytes, machine, programFile },
        emitJobs: flags.emitJobs ?? null,
      };
      end(
        finish(await sweep(request, terminalReporter(terminal)), (outcome): ExitCode => {
          switch (outcome.kind) {
            case "results":
              return printSweep(outcome.results, json, terminal);
            case "jobs": {
              const { count, folder, start } = outcome.jobs;
              const collect = `medctc sweep collect ${outcome.root}`;
              terminal.out(
                `${count} ${count === 1 ? "job" : "jobs"} in ${folder}\n  start    ${start}\n  results  ${collect}\n`,
              );
              return exitCodes.done;
            }
          }
        }),
      );
    });
};
