import { Option } from "@commander-js/extra-typings";
import { bench } from "../app/bench/bench.ts";
import { calibrate } from "../app/bench/calibrate.ts";
import { renderBench, renderCalibration } from "./bench-table.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { launchOf, processesOption, pythonOption } from "./launch-options.ts";
import { backendOption, setOption, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { copyAsNamed, weightsCopyOption } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("[spec]", "a spec file")
    .addOption(setOption())
    .addOption(new Option("--program <name>", "program to measure").choices(["step", "forward"]).default("step"))
    .option("--batch <rows>", "batch size, instead of the spec's", wholeNumber(1))
    .addOption(new Option("--precision <type>", "precision, instead of the spec's").choices(["f32", "bf16"]))
    .addOption(
      new Option("--recompute <what>", "activations to recompute in the backward pass").choices(["none", "layers"]),
    )
    .addOption(backendOption("execution backend", "any"))
    .addOption(processesOption())
    .addOption(pythonOption())
    .option("--steps <number>", "number of measured runs; default: as many as fit half a minute", wholeNumber(1))
    .option("--weights <file>", "the model's weights; default: first values")
    .addOption(weightsCopyOption())
    .option("--warmup <number>", "runs between the first and the measured ones", wholeNumber(0), 1)
    .option("--profile <file>", "profile one more run, and write its trace for chrome://tracing")
    .option(
      "--calibrate",
      "measure what this machine does in a second, for `compile --time` and editors; needs no spec",
    )
    .option("-o, --output <file>", "with --calibrate: also write that to a file, for --machine of another machine")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ medctc bench specs/medct-small.vlm --batch 8 --profile trace.json\n  $ medctc bench --calibrate" +
        "\n  $ medctc bench --calibrate -o h100.json",
    )
    .action(async (spec, flags) => {
      const { set, program, backend, weights = null, steps = null, warmup, profile = null, json = false } = flags;
      const { batch, precision, recompute } = flags;
      if (spec === undefined || flags.calibrate === true) {
        if (flags.calibrate !== true || spec !== undefined) {
          const what = spec === undefined ? "a spec to measure is missing" : "--calibrate takes no spec";
          terminal.err(`error: ${what}\n  help: medctc bench SPEC, or medctc bench --calibrate\n`);
          return end(exitCodes.usage);
        }
        const { output = null, python = null } = flags;
        const { programFile } = terminal;
        const ended = await calibrate({ backend, steps, python, output, programFile }, terminalReporter(terminal));
        return end(
          finish(ended, (found) => {
            if (json) terminal.json(`${JSON.stringify(found, null, 2)}\n`);
            else terminal.out(renderCalibration(found));
            return exitCodes.done;
          }),
        );
      }
      if (flags.output !== undefined) {
        terminal.err(
          "error: --output is for what --calibrate measures\n  help: --json prints what bench measures of a spec\n",
        );
        return end(exitCodes.usage);
      }
      const overrides = {
        ...(batch === undefined ? {} : { batch }),
        ...(precision === undefined ? {} : { precision }),
        ...(recompute === undefined ? {} : { recompute }),
      };
      const { programFile } = terminal;
      const { processes, python } = flags;
      const launch = launchOf({ processes, python }, terminal);
      if (launch === "wrong") return end(exitCodes.usage);
      const weightsCopy = copyAsNamed(flags.weightsCopy);
      const asked = { spec, set, program, overrides, backend, weights, weightsCopy, steps, warmup, profile };
      const request = { ...asked, programFile, launch };
      end(
        finish(await bench(request, terminalReporter(terminal)), (report) => {
          if (json) terminal.json(`${JSON.stringify(report, null, 2)}\n`);
          else terminal.out(renderBench(report));
          return exitCodes.done;
        }),
      );
    });
};
