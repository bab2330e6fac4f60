import { Option } from "@commander-js/extra-typings";
import { printable } from "../../grammar/index.ts";
import { type Pruned, pruneAdapter } from "../app/adapters/prune.ts";
import { readCardSources } from "../app/export/card.ts";
import { printCount, printShare, renderTable } from "../text/index.ts";
import { addCardOptions, cardOptions } from "./card-options.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { share } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { printWritten } from "./written-adapter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addCardOptions(command)
    .argument("<adapter>", "a file, or the folder of a run or of a PEFT adapter")
    .option("--density <share>", "keep that share of the elements of each matrix, the largest", share)
    .addOption(
      new Option(
        "--threshold <share>",
        "drop what changes a weight by less than that share of the largest singular value of all updates",
      ).argParser(share),
    )
    .option("--for <spec>", "spec of the adapted model: it has the scales of a run, and a variant of it is written")
    .option("--json", "print JSON")
    .requiredOption("-o, --output <folder>", "folder for the result, a PEFT adapter")
    .addHelpText(
      "after",
      "\nRanks and modules that are zero go in any case. The file gets smaller by what ranks and modules go, not by single elements.\n" +
        "\nExample:\n  $ medctc adapter prune run --for specs/medct.vlm --threshold 0.01 -o pruned",
    )
    .action(async (adapter, flags) => {
      const reporter = terminalReporter(terminal);
      const card = await readCardSources(cardOptions(flags), null, reporter);
      if (card === null) return end(exitCodes.wrong);
      const request = {
        card,
        adapter,
        density: flags.density ?? null,
        threshold: flags.threshold ?? null,
        forSpec: flags.for ?? null,
        folder: flags.output,
      };
      end(
        finish(pruneAdapter(request, reporter), (pruned) => {
          if (flags.json === true) terminal.json(`${JSON.stringify(pruned, null, 2)}\n`);
          else terminal.out(rendered(pruned));
          return exitCodes.done;
        }),
      );
    });
};

function rendered(pruned: Pruned): string {
  const rows = pruned.modules.map(({ module, ranks, elements, norm, distance }) => [
    printable(module),
    ranks[1] === 0 ? "dropped" : ranks[0] === ranks[1] ? String(ranks[0]) : `${ranks[0]} to ${ranks[1]}`,
    ...elements.map(printCount),
    norm === 0 ? "0 %" : printShare(distance, norm),
  ]);
  const header = ["", "rank", "elements", "left", "change"];
  const table = renderTable([header, ...rows], ["left", "right", "right", "right", "right"]);
  const [before, after] = [0, 1].map((side) =>
    pruned.modules.reduce((sum, { elements }) => sum + (elements[side] ?? 0), 0),
  );
  const norm = Math.hypot(...pruned.modules.map((each) => each.norm));
  const distance = Math.hypot(...pruned.modules.map((each) => each.distance));
  const change = norm === 0 ? "" : `, and the updates change by ${printShare(distance, norm)} of their norm`;
  return `${table}\n${printCount(after ?? 0)} of ${printCount(before ?? 0)} elements are left${change}\n${printWritten(pruned)}`;
}
