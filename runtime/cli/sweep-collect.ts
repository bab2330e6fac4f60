import { collectSweep } from "../app/sweep/collect.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { printSweep } from "./sweep-table.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folder>", "the folder that `medctc sweep -o` wrote")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ medctc sweep collect runs/sweep")
    .action(async (folder, _flags, own) => {
      // `sweep` has the option too, and commander gives it to the first that does.
      const { json = false } = own.optsWithGlobals();
      const ended = await collectSweep(folder, terminalReporter(terminal));
      end(finish(ended, (results) => printSweep(results, json, terminal)));
    });
};
