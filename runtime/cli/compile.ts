import { Option } from "@commander-js/extra-typings";
import { printSeconds } from "../../compiler/index.ts";
import { compiledTargetNames, passNames, programNames } from "../../compiler/names.ts";
import { compile } from "../app/compile.ts";
import type { ExpectedTime } from "../app/step-times.ts";
import { renderEmission } from "../printout/index.ts";
import { printCount, printDuration } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { helpOfMicroBatches } from "./micro-batches-help.ts";
import { setOption, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
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
    .option("--time", "show the expected time of a training step, from the rates of medctc bench --calibrate")
    .option("--volumes <number>", "with --time: also that of an epoch of so many volumes or images", wholeNumber(1))
    .option(
      "--held-out <number>",
      "with --volumes: the volumes or images of each evaluation, for its share",
      wholeNumber(1),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  $ medctc compile specs/medct.vlm\n  $ medctc compile specs/medct.vlm --emit plan\n" +
        "  $ medctc compile specs/medct.vlm --time --volumes 25692\n" +
        "  $ medctc compile specs/medct.vlm --target tensorflow -o model\n" +
        "  $ medctc compile specs/medct.vlm --target pytorch -o package" +
        helpOfMicroBatches,
    )
    .action((spec, flags) => {
      const { set, emit = null, after = null, output = null, target = null, memory = false, time = false } = flags;
      const { volumes = null, heldOut = null } = flags;
      const examples = volumes === null ? null : { volumes, heldOut };
      if (heldOut !== null && volumes === null) {
        terminal.err("error: --held-out is for the time of an epoch\n  help: add --volumes N\n");
        return end(exitCodes.usage);
      }
      if (volumes !== null && !time) {
        terminal.err("error: --volumes is for the time of an epoch\n  help: add --time\n");
        return end(exitCodes.usage);
      }
      if (target !== null && output === null) {
        terminal.err("error: --target needs a folder to write to\n  help: add -o FOLDER\n");
        return end(exitCodes.usage);
      }
      const program = emit === "plan" || emit === null ? null : emit === "passes" ? "step" : emit;
      const ended = compile({ spec, set, program, output, target, memory, time, examples }, terminalReporter(terminal));
      end(
        finish(ended, (result) => {
          terminal.out(renderEmission(result, emit ?? "summary", after));
          if (emit === null) terminal.out(renderTimes(result.times));
          return result.holds ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};

function renderTimes(times: readonly ExpectedTime[]): string {
  return times
    .map(
      ({ title, seconds, measured, epoch }) =>
        `a step takes about ${printSeconds(seconds)} here (${title}, rates of ${measured})\n${renderEpoch(epoch)}`,
    )
    .join("");
}

function renderEpoch(epoch: ExpectedTime["epoch"]): string {
  if (epoch === null) return "";
  const { volumes, heldOut, stepSeconds, evaluationSeconds, readSeconds, seconds } = epoch;
  const share = (of: number): string => `${printDuration(of)} (${Math.round((100 * of) / (total || 1))} %)`;
  // Reading goes on beside the others, so that shares are of the work.
  const total = stepSeconds + evaluationSeconds + (readSeconds ?? 0);
  const parts = [
    `${share(stepSeconds)} for steps`,
    heldOut === null
      ? "evaluations not counted"
      : `${share(evaluationSeconds)} for evaluation on ${printCount(heldOut)}`,
    readSeconds === null ? "what reading takes is unknown" : `${share(readSeconds)} for reading beside`,
  ];
  return `an epoch of ${printCount(volumes)} examples takes about ${printDuration(seconds)}: ${parts.join(", ")}\n`;
}
