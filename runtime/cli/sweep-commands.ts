import { type Command, Option } from "commander";
import { amount, backendOption, wholeNumber } from "./option-values.ts";
import type { SweepOptions } from "./sweep.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

const jobSystems: readonly NonNullable<SweepOptions["emitJobs"]>[] = ["slurm", "ray"];

interface SweepFlags {
  readonly output?: string;
  readonly jobs?: number;
  readonly backend: string;
  readonly cache?: string;
  readonly cacheSize: number;
  readonly json?: boolean;
  readonly emitJobs?: NonNullable<SweepOptions["emitJobs"]>;
}

/** Adds the commands that train many specs and compare them; `end` hears how one of them ended. */
export function addSweepCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const sweep = program
    .command("sweep")
    .description("train many placements of adapters, or other settings, and compare them in one table and page")
    .argument("<file>", "a sweep file (YAML): a spec, and what is changed of it")
    .option(
      "-o, --output <folder>",
      "where specs, trainings and results go, runs/FILE when it is left out; what is there and the same is kept",
    )
    .option(
      "--jobs <number>",
      "trainings at the same time; as many as memory and processors allow without it",
      wholeNumber(1),
    )
    .addOption(backendOption("what runs them", { trains: true }))
    .option("--cache <folder>", "where preprocessed volumes are kept; medctc's own cache when it is left out")
    .option("--cache-size <amount>", "how much is kept there at most; 0 for nothing", amount, 20e9)
    .addOption(new Option("--emit-jobs <system>", "run nothing; write jobs for a cluster").choices(jobSystems))
    .option("--json", "print the results as JSON")
    .addHelpText(
      "after",
      "\nCtrl-C saves what is running; the same command resumes. A run that fails does not end the others." +
        "\n\nExamples:\n  $ medctc sweep examples/synthetic/sweep.yaml -o runs/sweep" +
        "\n  $ medctc sweep sweep.yaml -o runs/sweep --emit-jobs slurm\n  $ medctc sweep collect runs/sweep",
    )
    .action(async (file: string, flags: SweepFlags) => {
      const { sweep: run } = await import("./sweep.ts");
      const { output = null, jobs = null, backend, cache = null, cacheSize: cacheBytes, json = false } = flags;
      const { emitJobs = null } = flags;
      end(await run(file, { output, jobs, backend, cache, cacheBytes, json, emitJobs }, terminal));
    });
  sweep
    .command("collect")
    .description("gather what the runs of a sweep's folder came to, wherever they ran, and say what is missing")
    .argument("<folder>", "the folder that `medctc sweep -o` wrote")
    .option("--json", "print the results as JSON")
    .addHelpText("after", "\nExample:\n  $ medctc sweep collect runs/sweep")
    .action(async (folder: string, _flags: unknown, command: Command) => {
      // `sweep` has the option too, and commander gives it to the first that does.
      const { json = false } = command.optsWithGlobals<{ readonly json?: boolean }>();
      const { sweepCollect } = await import("./sweep-collect.ts");
      end(await sweepCollect(folder, { json }, terminal));
    });
}
