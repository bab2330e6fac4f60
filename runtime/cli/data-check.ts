import { printable } from "../../grammar/index.ts";
import { checkData, type DataCheck } from "../app/data/check.ts";
import type { DatasetCounts } from "../data/index.ts";
import { printCount, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { printProblem } from "./print-problem.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folder>", "a data set: in CT-RATE's layout, a table or WebDataset shards")
    .option("--spec <file>", "check against this spec's `data` and `eval` blocks, instead of CT-CLIP's preprocessing")
    .addOption(setOption())
    .option("--no-volumes", "do not read the volumes, which takes most of the time")
    .option("-o, --output <file>", "HTML file for a page of what is found: problems, classes, slices, histograms")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ medctc data check ct-rate --spec specs/medct.vlm -o check.html")
    .action(async (folder, { spec, set, volumes, output = null, json = false }) => {
      const request = { folder, spec: spec ?? null, set, volumes, output, mostReported: json ? 0 : mostShown };
      const ended = await checkData(request, terminalReporter(terminal));
      end(
        finish(ended, ({ check, page }) => {
          const code = json ? printJson(check, terminal) : printCheck(check, terminal);
          if (page.kind === "failed") {
            printProblem(page.problem, terminal);
            return exitCodes.wrong;
          }
          if (output !== null && !json) terminal.out(`\n${output}\n`);
          return code;
        }),
      );
    });
};

/** A folder that is wrong throughout need not fill a screen; as JSON all problems are listed. */
export const mostShown = 100;

function printJson(found: DataCheck, terminal: Terminal): ExitCode {
  const problems = found.problems.map(({ subject: file, message: rule, help }) => ({ file, rule, help }));
  terminal.json(`${JSON.stringify({ ...found, problems }, null, 2)}\n`);
  return codeOf(found);
}

/** Prints what follows the problems: how many more there are, notes and counts. */
export function printCheck(found: DataCheck, terminal: Terminal): ExitCode {
  const { problems, notes, counts } = found;
  if (problems.length > mostShown) {
    terminal.err(`and ${printCount(problems.length - mostShown)} more; --json lists all\n`);
  }
  for (const note of notes) terminal.err(`note: ${printable(note)}\n`);
  if (counts !== null) terminal.out(renderCounts(counts, problems.length));
  return codeOf(found);
}

function codeOf({ problems }: DataCheck): ExitCode {
  return problems.length === 0 ? exitCodes.done : exitCodes.wrong;
}

function renderCounts(counts: DatasetCounts, problems: number): string {
  const rows: readonly (readonly [string, number])[] = [
    ["volumes", counts.volumes],
    ["  to train on", counts.train],
    ["  held out", counts.valid],
    ["  in neither split", counts.neither],
    ["  with metadata", counts.metadata],
    ["  with a report", counts.reports],
    ["  with labels", counts.labels],
    ["  without a problem", counts.good],
    ["problems", problems],
  ];
  return renderTable(
    rows.map(([what, count]) => [what, printCount(count)]),
    ["left", "right"],
  );
}
