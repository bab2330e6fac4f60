import { type Finding, findings } from "../backends/index.ts";
import { renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { exitCodes } from "./terminal.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ medctc doctor")
    .action(({ json = false }) => {
      const found = findings();
      if (json) terminal.json(`${JSON.stringify(found, null, 2)}\n`);
      else terminal.out(renderTable(found.map(row), ["left", "left", "left"]));
      end(found.some(({ state }) => state === "broken") ? exitCodes.wrong : exitCodes.done);
    });
};

function row({ what, state, detail, repair }: Finding): readonly string[] {
  return [what, state, repair === null ? detail : `${detail}; repair: ${repair}`];
}
