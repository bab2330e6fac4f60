import { hasErrors } from "../../grammar/index.ts";
import { renderParameters } from "../printout/index.ts";
import { compilePath } from "../specs/index.ts";
import type { DefineCommand } from "./command.ts";
import { setOption } from "./option-values.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { exitCodes } from "./terminal.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .option("--json", "print JSON")
    .option("--trainable", "list only trained parameters")
    .addHelpText("after", "\nExample:\n  $ medctc params specs/medct.vlm --trainable")
    .action((spec, { set, json = false, trainable: onlyTrained = false }) => {
      const { plan, diagnostics } = compilePath(spec, { set });
      if (plan !== null) {
        if (json) {
          const shown = plan.parameters.filter(({ trainable }) => trainable || !onlyTrained);
          const parameters = shown.map(({ path, checkpoint, shape, dtype, initial, trainable, rule, role, group }) => ({
            ...{ path, checkpoint, shape, dtype, initial, trainable, rule, role, group },
          }));
          terminal.json(`${JSON.stringify({ parameters, totals: plan.totals }, null, 2)}\n`);
        } else {
          terminal.out(renderParameters(plan, onlyTrained));
        }
      }
      showDiagnostics(diagnostics, terminal);
      end(hasErrors(diagnostics) ? exitCodes.wrong : exitCodes.done);
    });
};
