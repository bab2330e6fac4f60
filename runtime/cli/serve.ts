import { serve } from "../app/serve.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { portOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folder...>", "folders of runs, or with runs below them, such as those of sweeps")
    .addOption(portOption())
    .addHelpText(
      "after",
      "\nThe page shows trainings as they go, and side by side: curves, settings that differ, results. Runs that begin meanwhile appear." +
        "\nIt is for browsers on this machine alone; from another one, forward the port: ssh -L 8080:127.0.0.1:8080 HOST." +
        "\nCtrl-C ends it; exit status: 130." +
        "\n\nExamples:\n  $ medctc serve runs\n  $ medctc serve runs/a runs/sweep --port 8080",
    )
    .action(async (folders, { port }) => {
      const ended = await serve({ folders, port }, terminalReporter(terminal), (address) => {
        terminal.out(`${address}\n`);
        terminal.err("Ctrl-C ends it\n");
      });
      end(finish<never>(ended, () => exitCodes.done));
    });
};
