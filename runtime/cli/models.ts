import { type ListedModel, listModels } from "../app/models/list.ts";
import { printCount, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nEach is imported by its path. `medctc init MODEL` writes a spec that starts from one." +
        "\n\nExample:\n  $ medctc models --json",
    )
    .action(({ json = false }) => {
      const ended = listModels(terminalReporter(terminal));
      end(
        finish(ended, (models) => {
          if (json) terminal.json(`${JSON.stringify({ models }, null, 2)}\n`);
          else terminal.out(render(models));
          return exitCodes.done;
        }),
      );
    });
};

/** A table, with what each model is and where it comes from below its row. */
function render(models: readonly ListedModel[]): string {
  const rows = models.map(({ name, parameters, trainable, path }) => [
    name,
    printCount(parameters),
    printCount(trainable),
    path,
  ]);
  const table = renderTable(
    [["model", "parameters", "trainable", "spec"], ...rows],
    ["left", "right", "right", "left"],
  );
  const [header = "", ...lines] = table.trimEnd().split("\n");
  const described = models.map(({ summary, sources }, index) =>
    [lines[index] ?? "", ...wrapped(summary), ...(sources.length === 0 ? [] : [`  ${sources.join(", ")}`])].join("\n"),
  );
  return `${header}\n${described.join("\n\n")}\n`;
}

/** A text as indented lines of up to 100 characters. */
function wrapped(text: string): readonly string[] {
  return text.match(/\S.{0,97}(?=\s|$)/gu)?.map((line) => `  ${line}`) ?? [];
}
