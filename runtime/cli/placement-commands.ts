import { type Command, Option } from "commander";
import { names, ranks, wholeNumber } from "./option-values.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

interface PlaceFlags {
  readonly budget: string;
  readonly atMost?: boolean;
  readonly kinds?: readonly string[];
  readonly ranks: readonly number[];
  readonly on?: string;
  readonly sameRank?: boolean;
  readonly with?: string;
  readonly top: number;
  readonly costs: number;
  readonly memory: number;
  readonly json?: boolean;
}

/** Adds the commands that search for placements and compare specs; `end` hears how one of them ended. */
export function addPlacementCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  program
    .command("place")
    .description("find placements of adapters that meet a budget of trainable parameters, the simplest first")
    .argument("<spec>", "a spec file; its own placements and expectations are left out")
    .requiredOption("--budget <amount>", "as an expectation has it: 1.67M is what rounds to it, 1_671_168 just that")
    .option("--at-most", "everything up to the budget")
    .option("--kinds <names>", "adapters to try, such as lora,dora; those that the spec places, or lora", names)
    .addOption(
      new Option("--ranks <ranks>", "ranks to try, the ends included, such as 2..64 or 4,8,16")
        .argParser(ranks)
        .default(ranks("2..64"), "2..64"),
    )
    .option("--on <selectors>", "what may be adapted, such as vision.**,text.attn.qkv; everything that has a role")
    .option("--same-rank", "one rank for everything that is adapted")
    .option("--with <arguments>", 'further arguments of every adapter, such as "alpha = 2 * rank"')
    .option("--top <number>", "how many of the simplest are shown", wholeNumber(1), 20)
    .option("--costs <number>", "how many of these are compiled, to say what a training step costs", wholeNumber(0), 5)
    .option(
      "--memory <number>",
      "of how many a step's expected peak is said, which takes seconds each",
      wholeNumber(0),
      0,
    )
    .option("--json", "print them as JSON")
    .addHelpText(
      "after",
      "\nA placement is one kind of adapter and, for each encoder, nothing, or a group of roles of the whole with a rank, or" +
        "\nfor some of its stages a group of the roles there with a rank. It exits with 1 when there is none." +
        "\n\nExamples:\n  $ medctc place specs/medct.vlm --budget 1.67M --on vision.attn.qkv,o,text.attn.qkv,o" +
        "\n  $ medctc place specs/medct.vlm --budget 500K --at-most --kinds lora,dora --same-rank",
    )
    .action(async (spec: string, options: PlaceFlags) => {
      const { place } = await import("./place.ts");
      const { atMost = false, kinds = null, on = null, sameRank = false, json = false, with: given = "" } = options;
      end(place(spec, { ...options, atMost, kinds, on, sameRank, with: given, json }, terminal));
    });
  program
    .command("diff")
    .description("say what two specs differ in, in what they mean: adapters, what is trained, counts, costs, settings")
    .argument("<before>", "a spec file")
    .argument("<after>", "another")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      "\nIt exits as diff does: 0 when they mean the same, 1 when they differ, 2 when one of them does not compile." +
        "\nAn expectation that fails does not keep a spec from being compared." +
        "\n\nExample:\n  $ medctc diff specs/medct.vlm examples/placements/card.vlm",
    )
    .action(async (before: string, after: string, { json = false }: { readonly json?: boolean }) => {
      const { diff } = await import("./diff.ts");
      end(diff(before, after, { json }, terminal));
    });
}
