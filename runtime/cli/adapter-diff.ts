import { printable } from "../../grammar/index.ts";
import type { AdapterDifference, Comparison } from "../adapters/index.ts";
import { diffAdapters } from "../app/adapters/diff.ts";
import { printDigits, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<a>", "a file, or the folder of a run or of a PEFT adapter")
    .argument("<b>", "another one")
    .option("--for <spec>", "spec that gives the scale of LoRA's updates if there is no adapter_config.json")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ medctc adapter diff run-1 run-2 --for specs/medct.vlm")
    .action((a, b, flags) => {
      const ended = diffAdapters({ a, b, forSpec: flags.for ?? null }, terminalReporter(terminal));
      end(
        finish(ended, (difference) => {
          if (flags.json === true) terminal.json(`${JSON.stringify(asJson(a, b, difference), null, 2)}\n`);
          else terminal.out(rendered(difference));
          return exitCodes.done;
        }),
      );
    });
};

function rendered({ both, whole, only }: AdapterDifference): string {
  const header = ["", "rank", "norm of A", "norm of B", "of A - B", "cosine"];
  const rows = both.map((each) => [printable(each.name), ranksOf(each), ...numbersOf(each)]);
  const last = whole === null ? [] : [["all of these", "", ...numbersOf(whole)]];
  const parts = both.length === 0 ? [] : [renderTable([header, ...rows, ...last], alignments)];
  for (const [index, names] of only.entries())
    if (names.length > 0)
      parts.push(`only in ${index === 0 ? "A" : "B"}\n${names.map((name) => `  ${printable(name)}\n`).join("")}`);
  return parts.length === 0 ? "both are empty\n" : parts.join("\n");
}

const alignments = ["left", "right", "right", "right", "right", "right"] as const;

function ranksOf({ ranks }: Comparison): string {
  if (ranks === null) return "";
  return ranks[0] === ranks[1] ? String(ranks[0]) : ranks.join(", ");
}

function numbersOf({ norms, difference, cosine }: Pick<Comparison, "norms" | "difference" | "cosine">) {
  return [
    ...norms.map((norm) => printDigits(norm, 5)),
    difference === null ? "-" : printDigits(difference, 5),
    cosine === null ? "-" : cosine.toFixed(6),
  ];
}

function asJson(a: string, b: string, { both, whole, only, isScaled }: AdapterDifference) {
  return {
    a: { path: a, scaled: isScaled[0], only: only[0] },
    b: { path: b, scaled: isScaled[1], only: only[1] },
    both,
    whole,
  };
}
