import { compare } from "../app/compare.ts";
import { renderComparison } from "../printout/index.ts";
import type { DefineCommand } from "./command.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

/** As the program `diff` ends: 1 says that there are differences, so what cannot be compared is 2. */
const diffCodes = { same: exitCodes.done, different: exitCodes.wrong, trouble: exitCodes.usage } as const;

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<before>", "a spec file")
    .argument("<after>", "another")
    .addOption(setOption())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExit status, as for diff(1): 0 if the specs mean the same, 1 if they differ, 2 if one does not compile." +
        "\nSpecs with failing expectations are compared all the same." +
        "\n\nExample:\n  $ medctc diff specs/medct.vlm examples/placements/card.vlm",
    )
    .action((before, after, { set, json = false }) => {
      const ended = compare(before, { spec: after, set }, terminalReporter(terminal));
      if (ended.kind !== "done") return end(diffCodes.trouble);
      const comparison = ended.value;
      if (json) terminal.json(`${JSON.stringify({ before, after, ...comparison }, null, 2)}\n`);
      else terminal.out(renderComparison(comparison));
      end(comparison.isEqual ? diffCodes.same : diffCodes.different);
    });
};
