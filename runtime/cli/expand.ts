import { expand } from "../app/expand.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .option("-o, --output <file>", "file for the expanded spec; default: standard output")
    .addHelpText(
      "after",
      "\nThe result amends no other spec and compiles to the same plan. Imports remain; with -o, their paths are from the new file." +
        "\n\nExample:\n  $ medctc expand examples/placements/card.vlm -o card-whole.vlm",
    )
    .action((spec, { set, output = null }) => {
      const ended = expand({ spec, set, output }, terminalReporter(terminal));
      end(
        finish(ended, (text) => {
          if (output === null) terminal.document(text);
          else terminal.out(`${output}\n`);
          return exitCodes.done;
        }),
      );
    });
};
