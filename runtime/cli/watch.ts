import { watchSpec } from "../app/watch/watch.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { renderWatched, watchedToJson } from "./watch-text.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .option("--memory", "show the expected memory of a training step, whether or not the spec limits it")
    .option(
      "--poll",
      "look at the files twice a second, on disks that do not tell of changes, such as some network drives",
    )
    .option("--json", "print one line of JSON at each save")
    .addHelpText(
      "after",
      "\nThe files that the spec imports are watched, too. What changed is told since the last save that compiled." +
        "\nCtrl-C ends it; exit status: 130." +
        "\n\nExamples:\n  $ medctc watch specs/medct.vlm\n  $ medctc watch card.vlm --set train.batch=4 --memory",
    )
    .action(async (spec, { set, memory = false, poll = false, json = false }) => {
      const ended = await watchSpec({ spec, set, memory, poll }, terminalReporter(terminal), (compile) => {
        if (json) return terminal.json(`${JSON.stringify(watchedToJson(spec, compile))}\n`);
        terminal.clear();
        terminal.out(renderWatched(spec, compile));
        if (compile.diagnostics.length > 0) showDiagnostics(compile.diagnostics, terminal);
      });
      end(finish<never>(ended, () => exitCodes.done));
    });
};
