import { Option } from "@commander-js/extra-typings";
import { compareScoredRuns } from "../app/evaluate/compare.ts";
import { classMetricNames, comparisonFormats, corrections, metrics, renderRunComparison } from "../evaluate/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { wholeNumber } from "./option-values.ts";
import { printProblem } from "./print-problem.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<first>", "a folder of `medctc eval -o` or of a training, or a scores.csv")
    .argument("<others...>", "others on the same volumes; differences are each of these less the first")
    .addOption(
      new Option("--metric <name>", "number of the classes").choices(classMetricNames).default("auroc" as const),
    )
    .addOption(
      new Option("--correction <name>", "of p for several classes: Holm, or Benjamini and Hochberg")
        .choices(corrections)
        .default("holm" as const),
    )
    .addOption(
      new Option("--by <name>", "draw together for intervals; default: as the first run was evaluated").choices([
        "patient",
        "scan",
        "volume",
      ] as const),
    )
    .option("--labels <file>", "a table of labels; default: the labels.csv of the runs")
    .option("--common", "compare the volumes and classes that all have, where they differ")
    .option("--resamples <number>", "paired bootstrap resamples", wholeNumber(1), 1000)
    .option("--seed <number>", "seed of the resamples", wholeNumber(0), 0)
    .addOption(new Option("--format <name>", "form of the tables").choices(comparisonFormats).default("text" as const))
    .option("--page <file>", "an HTML page with charts and tables: curves, calibration, hardest cases")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nAUROCs are compared by DeLong's test, with a patient's volumes taken together; other numbers by paired bootstrap." +
        "\n\nExamples:\n  $ medctc compare results/base results/adapted" +
        "\n  $ medctc compare results/base results/adapted --metric f1 --format latex" +
        "\n  $ medctc compare results/base results/rank-8 results/rank-24 --page comparison.html",
    )
    .action(async (first, [second, ...others], flags) => {
      if (second === undefined) return end(exitCodes.usage);
      const runs = [first, second, ...others] as const;
      const { metric, correction, by = null, labels = null, common = false, resamples, seed, format } = flags;
      const { page = null } = flags;
      const request = { runs, metric, correction, by, labels, common, page, bootstrap: { resamples, seed } };
      const ended = await compareScoredRuns(request, terminalReporter(terminal));
      end(
        finish(ended, ({ labels: names, warnings, page: written, ...compared }) => {
          const title = metrics.find(({ name }) => name === metric)?.title ?? metric;
          if (flags.json === true) {
            const [only, ...more] = compared.comparisons.map((comparison, place) => ({
              second: [second, ...others][place],
              ...comparison,
            }));
            const found =
              more.length === 0 ? { first, warnings, ...only } : { first, warnings, comparisons: [only, ...more] };
            terminal.json(`${JSON.stringify(found, null, 2)}\n`);
          } else terminal.out(renderRunComparison(compared, names, title, format));
          if (written.kind === "failed") {
            printProblem(written.problem, terminal);
            return exitCodes.wrong;
          }
          if (written.value !== null && flags.json !== true) terminal.out(`\n${written.value}\n`);
          return exitCodes.done;
        }),
      );
    });
};
