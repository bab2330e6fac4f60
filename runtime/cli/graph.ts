import { drawGraph } from "../app/graph.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { pictureWidth, setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .requiredOption("-o, --output <file>", "file for the diagram: .svg, or .html for a page with tables")
    .option("--width <pixels>", "width of the diagram", pictureWidth, 1072)
    .option("--dark", "use a dark theme; default: a page follows the reader's system")
    .addHelpText("after", "\nExample:\n  $ medctc graph specs/medct.vlm -o medct.svg")
    .action(async (spec, { set, output, width, dark: isDark = false }) => {
      const ended = await drawGraph({ spec, set, output, width, isDark }, terminalReporter(terminal));
      end(
        finish(ended, ({ holds }) => {
          terminal.out(`${output}\n`);
          return holds ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};
