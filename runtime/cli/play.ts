import { play } from "../app/play.ts";
import { hasDesktop, openAddress } from "../machine/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { portOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("[spec]", "a spec file to open; it is not written to. Default: one of the specs that come with medctc")
    .addOption(portOption())
    .option("--open", "open the page in a browser; default where there is a desktop")
    .option("--no-open", "print the page's address only")
    .option("--static <folder>", "write the page as files for any web host, instead of serving it")
    .addHelpText(
      "after",
      "\nThe page is served at 127.0.0.1 until Ctrl-C, and the compiler runs in the browser: no text leaves this machine." +
        "\nA link that is copied from the page has the whole spec in it, behind the #, which browsers send to no server." +
        "\n\nExamples:\n  $ medctc play specs/medct.vlm\n  $ medctc play --static site",
    )
    .action(async (spec, { port, open, static: folder = null }) => {
      const isOpened = open ?? (terminal.interactive && hasDesktop());
      const served = (address: string): void => {
        terminal.out(`${address}\n`);
        terminal.err("press Ctrl-C to stop\n");
        if (isOpened) openAddress(address);
      };
      const ended = await play({ spec: spec ?? null, folder, port, served }, terminalReporter(terminal));
      end(
        finish(ended, () => {
          if (folder !== null) terminal.out(`${folder}\n`);
          return exitCodes.done;
        }),
      );
    });
};
