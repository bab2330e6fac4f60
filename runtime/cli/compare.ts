import { Option } from "@commander-js/extra-typings";
import { compareScoredRuns } from "../app/evaluate/compare.ts";
import { classMetricNames, corrections, metrics } from "../evaluate/index.ts";
import type { DefineCommand } from "./command.ts";
import { comparisonFormats, renderRunComparison } from "./comparison-text.ts";
import { finish } from "./exit-code.ts";
import { wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<first>", "a folder of `medctc eval -o` or of a training, or a scores.csv")
    .argument("<second>", "another one; differences are this one less the first")
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
    .option("--common", "compare the volumes and classes that both have, where they differ")
    .option("--resamples <number>", "paired bootstrap resamples", wholeNumber(1), 1000)
    .option("--seed <number>", "seed of the resamples", wholeNumber(0), 0)
    .addOption(new Option("--format <name>", "form of the tables").choices(comparisonFormats).default("text" as const))
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nAUROCs are compared by DeLong's test, with a patient's volumes taken together; other numbers by paired bootstrap." +
        "\n\nExamples:\n  $ medctc compare results/base results/adapted" +
        "\n  $ medctc compare results/base results/adapted --metric f1 --format latex",
    )
    .action(async (first, second, flags) => {
      const runs = [first, second] as const;
      const { metric, correction, by = null, labels = null, common = false, resamples, seed, format } = flags;
      const request = { runs, metric, correction, by, labels, common, bootstrap: { resamples, seed } };
      const ended = await compareScoredRuns(request, terminalReporter(terminal));
      end(
        finish(ended, ({ comparison, warnings }) => {
          const title = metrics.find(({ name }) => name === metric)?.title ?? metric;
          if (flags.json === true) {
            terminal.json(`${JSON.stringify({ first, second, warnings, ...comparison }, null, 2)}\n`);
          } else terminal.out(renderRunComparison(comparison, runs, title, format));
          return exitCodes.done;
        }),
      );
    });
};
