import { Option } from "@commander-js/extra-typings";
import { printable } from "../../grammar/index.ts";
import { type EvaluateRequest, evaluate } from "../app/evaluate/evaluate.ts";
import { evaluationTable } from "../evaluate/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { launchOf } from "./launch-options.ts";
import { printProblem } from "./print-problem.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addVolumeOptions, volumeRequest } from "./volume-options.ts";

type Split = EvaluateRequest["split"];

export const define: DefineCommand = (command, terminal, end) => {
  addVolumeOptions(command, "folder for scores, results and a report; default: print results only")
    .addOption(
      new Option("--split <name>", "volumes to evaluate")
        .choices(["valid", "train", "all"] satisfies Split[])
        .default("valid"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc eval specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter run -o results",
    )
    .action(async (spec, flags) => {
      const { processes, python } = flags;
      const launch = launchOf({ processes, python }, terminal);
      if (launch === "wrong") return end(exitCodes.usage);
      const request = { ...volumeRequest(spec, flags), split: flags.split, launch };
      end(
        finish(await evaluate(request, terminalReporter(terminal)), ({ evaluation, warnings, files }) => {
          terminal.out(evaluationTable(evaluation));
          // Nobody looks for the first line above a long table.
          for (const warning of warnings) terminal.err(`warning: ${printable(warning)}\n`);
          if (files.kind === "failed") {
            printProblem(files.problem, terminal);
            return exitCodes.wrong;
          }
          if (request.output !== null) terminal.out(`\n${files.value.join(", ")} in ${request.output}\n`);
          return exitCodes.done;
        }),
      );
    });
};
