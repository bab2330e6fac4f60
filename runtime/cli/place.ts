import { Option } from "@commander-js/extra-typings";
import { place } from "../app/place.ts";
import { renderPlacements } from "../printout/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { addTimeOptions, timedOf } from "./machine-options.ts";
import { names, ranks, setOption, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  const described = command
    .argument("<spec>", "a spec file; its own placements and expectations are ignored")
    .addOption(setOption())
    .requiredOption("--budget <amount>", "trainable parameters, as in an expectation: 1.67M rounds, 1_671_168 is exact")
    .option("--at-most", "accept every count up to the budget")
    .option(
      "--kinds <names>",
      "adapters of modules to try, such as lora,dora; default: those that the spec places, or knows",
      names,
    )
    .addOption(
      new Option("--ranks <ranks>", "ranks to try, such as 2..64 (inclusive) or 4,8,16")
        .argParser(ranks)
        .default(ranks("2..64"), "2..64"),
    )
    .option("--on <selectors>", "what may be adapted, such as vision.**,text.attn.qkv; default: everything with a role")
    .option("--same-rank", "use one rank for all")
    .option("--with <arguments>", 'further arguments of every adapter, such as "alpha = 2 * rank"')
    .option("--top <number>", "number of placements to show, simplest first", wholeNumber(1), 20)
    .option("--costs <number>", "number of these to compile, to show the cost of a training step", wholeNumber(0), 5)
    .option("--memory <number>", "number of these whose expected peak to show; takes seconds each", wholeNumber(0), 0)
    .option(
      "--time <number>",
      "number of these whose expected time of a step to show; takes seconds each",
      wholeNumber(0),
      0,
    );
  addTimeOptions(described)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nA placement is one kind of adapter and, for each encoder: nothing; or a group of roles with a rank in the whole encoder;" +
        "\nor a group of roles with a rank in some of its stages. Adapters of parameters, such as lora_parameter, are not tried:" +
        "\nplacements are found among modules, by their roles. Exit status: 1 if no placement is found." +
        "\n\nExamples:\n  $ medctc place specs/medct.vlm --budget 1.67M --on vision.attn.qkv,o,text.attn.qkv,o" +
        "\n  $ medctc place specs/medct.vlm --budget 500K --at-most --kinds lora,dora --same-rank" +
        "\n  $ medctc place specs/medct.vlm --budget 1.67M --on vision.attn.qkv --time 5 --volumes 25692" +
        "\n  $ medctc place specs/medct.vlm --budget 1.67M --on vision.attn.qkv --time 5 --machine h100.json --processes 8",
    )
    .action((spec, flags) => {
      const { atMost = false, kinds = null, on = null, sameRank = false, json = false, with: given = "" } = flags;
      const { set, budget, ranks: tried, top, costs, memory } = flags;
      const timed = timedOf(flags, { isAsked: flags.time > 0, ask: "--time 5" }, terminal);
      if (timed === "wrong") return end(exitCodes.usage);
      const asked = { costs, memory, times: flags.time, timed };
      const request = { spec, set, budget, atMost, kinds, ranks: tried, on, sameRank, with: given, top, ...asked };
      end(
        finish(place(request, terminalReporter(terminal)), (found) => {
          if (json) terminal.json(`${JSON.stringify(found, null, 2)}\n`);
          else terminal.out(renderPlacements(found, given));
          return found.count > 0 ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};
