import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { printNumberOf } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { electedBy, type MethodName, methods } from "../adapters/index.ts";
import { type Combined, combineAdapters } from "../app/adapters/combine.ts";
import { readCardSources } from "../app/export/card.ts";
import { printDigits, renderTable } from "../text/index.ts";
import { addCardOptions, cardOptions } from "./card-options.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { share, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { printWritten } from "./written-adapter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addCardOptions(command)
    .argument("<adapter...>", "files, or the folders of runs or of PEFT adapters")
    .option(
      "--weights-of <numbers>",
      "a weight for each adapter, such as 0.6,0.4; may be negative (default: equal)",
      numbers,
    )
    .addOption(
      new Option("--method <name>", "how updates become one").choices(methodNames).default("svd" satisfies MethodName),
    )
    .option("--density <share>", "share of each tensor's elements that stays", share)
    .addOption(new Option("--sign <rule>", "what elects a sign in TIES").choices(electedBy))
    .option("--seed <number>", "seed of what DARE leaves out", wholeNumber(0))
    .option("--rank <number>", "rank of the result of svd (default: the highest of the adapters)", wholeNumber(1))
    .option("--clamp <quantile>", "clamp the result of svd to that quantile of its elements", share)
    .option("--for <spec>", "spec of the adapted model: write a variant of it with the result")
    .option("--json", "print JSON")
    .requiredOption("-o, --output <folder>", "folder for the result, a PEFT adapter")
    .addHelpText("after", help)
    .action(async (adapters, flags) => {
      const reporter = terminalReporter(terminal);
      const card = await readCardSources(cardOptions(flags), null, reporter);
      if (card === null) return end(exitCodes.wrong);
      const request = {
        card,
        adapters,
        weights: flags.weightsOf ?? null,
        method: flags.method,
        density: flags.density ?? null,
        sign: flags.sign ?? null,
        seed: flags.seed ?? null,
        rank: flags.rank ?? null,
        clamp: flags.clamp ?? null,
        forSpec: flags.for ?? null,
        folder: flags.output,
      };
      end(
        finish(combineAdapters(request, reporter), (combined) => {
          if (flags.json === true) terminal.json(`${JSON.stringify({ method: flags.method, ...combined }, null, 2)}\n`);
          else terminal.out(rendered(combined));
          return exitCodes.done;
        }),
      );
    });
};

const methodNames = Object.keys(methods).filter((name): name is MethodName => name in methods);

const help = `
Makes one adapter of several, as PEFT's add_weighted_adapter does:
  cat               the weighted sum of the updates, of a rank that is the sum of the ranks
  svd               its nearest update of a smaller rank
  linear            sums of both matrices: ranks are equal, and the result is not the sum of the updates
  ties              the mean of the largest elements that agree in sign (TIES); of both matrices
  dare_linear       sums of random elements (DARE); of both matrices
  dare_ties         the mean of random elements that agree in sign; of both matrices
  magnitude_prune   sums of the largest elements; of both matrices
  *_svd             the same of the updates, and the nearest update of the rank of --rank

medctc adapter merge folds one adapter into the weights.

Examples:
  $ medctc adapter combine run-a run-b --weights-of 0.6,0.4 --method svd --rank 16 -o combined
  $ medctc adapter combine run-a run-b -o combined --card about.md --results evaluation-of-combined`;

function numbers(text: string): readonly number[] {
  const found = text.split(",").map((each) => (each.trim() === "" ? Number.NaN : Number(each)));
  if (found.every(Number.isFinite)) return found;
  throw new InvalidArgumentError("Must be numbers separated by commas, such as 0.6,0.4.");
}

function rendered({ adapters, modules, ranks, sum, ...written }: Combined): string {
  const rows = adapters.map(({ path, weight, modules: own, norm }) => [
    printable(path),
    String(weight),
    String(own),
    norm === null ? "" : printDigits(norm, 4),
  ]);
  const table = renderTable([["", "weight", "modules", "norm"], ...rows], ["left", "right", "right", "right"]);
  const [lowest, highest] = [ranks[0], ranks.at(-1)];
  const ranked = lowest === highest ? `rank ${lowest}` : `ranks ${lowest} to ${highest}`;
  const distance =
    sum === null
      ? ""
      : `${ranked}; the weighted sum of the updates has norm ${printDigits(sum.norm, 4)}, and the result differs from it by ${printDigits(sum.distance, 4)}\n`;
  return `${table}\n${distance}${printNumberOf(modules, "module")}, ${printWritten(written)}`;
}
