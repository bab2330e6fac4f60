import { explainSelectors } from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { compilePath } from "../specs/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { setOption } from "./option-values.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { exitCodes } from "./terminal.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<spec>", "a spec file")
    .argument("<selector>", "a selector, or several separated by commas")
    .addOption(setOption())
    .addHelpText("after", "\nExample:\n  $ medctc explain specs/medct.vlm text.attn.q,v")
    .action((spec, selector, { set }) => {
      const compiled = compilePath(spec, { set });
      if (compiled.elements.length === 0) {
        showDiagnostics(compiled.diagnostics, terminal);
        return end(exitCodes.wrong);
      }
      const { matches, diagnostics } = explainSelectors(selector, compiled.elements);
      if (matches.length > 0) {
        const header = ["path", "is", "parameters", "because"];
        const rows = matches.map(({ path, what, why, parameters }) => [path, what, printCount(parameters), why]);
        const total = matches.reduce((sum, { parameters }) => sum + parameters, 0);
        terminal.out(renderTable([header, ...rows], ["left", "left", "right", "left"]));
        terminal.out(`\n${matches.length} matched, ${printCount(total)} parameters\n`);
      }
      showDiagnostics(diagnostics, terminal);
      end(hasErrors(diagnostics) ? exitCodes.wrong : exitCodes.done);
    });
};
