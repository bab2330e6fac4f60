import { type GoldenOutcome, type GoldenResult, golden } from "../app/golden/golden.ts";
import { renderComparison } from "../printout/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("[spec...]", "spec files; default: all below this folder that have a golden plan")
    .option("--update", "write golden plans, or replace those that differ")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nThe golden plan of NAME.vlm is NAME.plan.json beside it: what the spec means, to be committed with it. Differences are" +
        "\nreported as by `medctc diff`. A spec whose expectations fail gets no golden plan." +
        "\nExit status: 0 if all agree or were updated, 1 if one differs, is missing or damaged, or a spec is wrong." +
        "\n\nExamples:\n  $ medctc golden specs/medct.vlm --update\n  $ medctc golden",
    )
    .action((specs, { update = false, json = false }) => {
      const ended = golden({ specs, update }, terminalReporter(terminal));
      end(
        finish(ended, (results) => {
          if (json) terminal.json(`${JSON.stringify({ plans: results.map(asJson) }, null, 2)}\n`);
          else terminal.out(results.map(asText).join(""));
          const drifted = results.filter(({ outcome }) => outcome.kind === "drifted").map(({ spec }) => spec);
          if (drifted.length > 0) {
            terminal.err(`help: if this is what you mean, run \`medctc golden ${drifted.join(" ")} --update\`\n`);
          }
          return results.every(({ outcome }) => isWell(outcome)) ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};

function isWell({ kind }: GoldenOutcome): boolean {
  return kind === "same" || kind === "written" || kind === "updated";
}

function asJson({ spec, plan, outcome }: GoldenResult) {
  const { kind, ...rest } = outcome;
  return { spec, plan, state: kind, ...rest };
}

function asText({ spec, plan, outcome }: GoldenResult): string {
  switch (outcome.kind) {
    case "same":
      return `${spec}: ok\n`;
    case "written":
      return `${plan}: written\n`;
    case "updated":
      return `${plan}: updated\n${outcome.comparison === null ? "" : indented(renderComparison(outcome.comparison))}`;
    case "drifted":
      return `${spec}: differs from ${plan}\n${indented(renderComparison(outcome.comparison))}`;
    case "wrong":
      return outcome.comparison === null || outcome.comparison.isEqual
        ? ""
        : `${spec}: differs from ${plan}\n${indented(renderComparison(outcome.comparison))}`;
    case "missing":
    case "damaged":
    case "unwritten":
      return "";
  }
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}
