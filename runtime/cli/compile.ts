import { Option } from "@commander-js/extra-typings";
import { compiledTargetNames, passNames, programNames } from "../../compiler/names.ts";
import { compile } from "../app/compile.ts";
import { renderEmission, renderTimes } from "../printout/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { addTimeOptions, timedOf } from "./machine-options.ts";
import { helpOfMicroBatches } from "./micro-batches-help.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  const described = command
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .addOption(
      new Option("--emit <what>", "print this instead of the summary").choices(["plan", "passes", ...programNames]),
    )
    .addOption(new Option("--after <pass>", "print the program after this pass").choices(["none", ...passNames]))
    .option("-o, --output <folder>", "folder for plan.yaml and the model of --target")
    .addOption(
      new Option("--target <name>", "also write the model for this target; needs -o").choices(compiledTargetNames()),
    )
    .option("--memory", "show the expected memory of a training step, whether or not the spec limits it")
    .option("--time", "show the expected time of a training step, from the rates of medctc bench --calibrate");
  addTimeOptions(described)
    .addHelpText(
      "after",
      "\nExamples:\n  $ medctc compile specs/medct.vlm\n  $ medctc compile specs/medct.vlm --emit plan\n" +
        "  $ medctc compile specs/medct.vlm --time --volumes 25692\n" +
        "  $ medctc compile specs/medct.vlm --time --volumes 25692 --held-out 3039 --machine h100.json --processes 8\n" +
        "  $ medctc compile specs/medct.vlm --target tensorflow -o model\n" +
        "  $ medctc compile specs/medct.vlm --target pytorch -o package" +
        helpOfMicroBatches,
    )
    .action((spec, flags) => {
      const { set, emit = null, after = null, output = null, target = null, memory = false, time = false } = flags;
      const timed = timedOf(flags, { isAsked: time, ask: "--time" }, terminal);
      if (timed === "wrong") return end(exitCodes.usage);
      if (target !== null && output === null) {
        terminal.err("error: --target needs a folder to write to\n  help: add -o FOLDER\n");
        return end(exitCodes.usage);
      }
      const program = emit === "plan" || emit === null ? null : emit === "passes" ? "step" : emit;
      const asked = { spec, set, program, output, target, memory, timed: time ? timed : null };
      const ended = compile(asked, terminalReporter(terminal));
      end(
        finish(ended, (result) => {
          terminal.out(renderEmission(result, emit ?? "summary", after));
          if (emit === null) terminal.out(renderTimes(result.times));
          return result.holds ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};
