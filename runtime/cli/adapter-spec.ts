import { printable } from "../../grammar/index.ts";
import { withoutNumbers } from "../adapters/index.ts";
import { type AdapterPlacements, placementsOfAdapter } from "../app/adapters/placements.ts";
import { listWords, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folder>", "a folder with adapter_config.json and adapter_model.safetensors")
    .option("--for <spec>", "spec of the adapted model: print its selectors instead of names in checkpoints")
    .addHelpText("after", "\nExample:\n  $ medctc adapter spec peft_adapter --for specs/medct.vlm")
    .action((folder, flags: { readonly for?: string }) => {
      const ended = placementsOfAdapter(folder, flags.for ?? null, terminalReporter(terminal));
      end(finish(ended, (placements) => print(placements, terminal)));
    });
};

function print(placements: AdapterPlacements, terminal: Terminal): ExitCode {
  switch (placements.kind) {
    case "modules":
      for (const { call, modules, wraps } of placements.groups) {
        if (wraps.length > 0) {
          terminal.out(`${call}: of the whole model, on its module of ${listWords(wraps, "or")}\n`);
          continue;
        }
        terminal.out(`${call}: ${modules.length} ${modules.length === 1 ? "module" : "modules"}\n`);
        const rows = [...withoutNumbers(modules)].map(([name, count]) => [`  ${printable(name)}`, String(count)]);
        terminal.out(renderTable(rows, ["left", "right"]));
      }
      terminal.err("add --for SPEC to print placements with the selectors of that spec\n");
      return exitCodes.done;
    case "selectors":
      terminal.out(placements.comments.map((comment) => `# ${comment}\n`).join(""));
      terminal.out(placements.lines.map((line) => `${line}\n`).join(""));
      // Of some layers alone the compiler asks whether they are meant.
      for (const count of placements.counts) if (count.includes("[")) terminal.out(`expect ${count}\n`);
      if (placements.libraries.length > 0)
        terminal.err(`these lines need ${placements.libraries.map((name) => `import "std/${name}"`).join(", ")}\n`);
      return exitCodes.done;
  }
}
