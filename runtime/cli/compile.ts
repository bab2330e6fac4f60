import { Option } from "@commander-js/extra-typings";
import { optimise, type ProgramName, planToYaml, printProgram } from "../../compiler/index.ts";
import { compiledTargetNames, passNames, programNames } from "../../compiler/names.ts";
import { type CompileResult, compile } from "../app/compile.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { helpOfMicroBatches } from "./micro-batches-help.ts";
import { setOption } from "./option-values.ts";
import { renderPassTable } from "./pass-table.ts";
import { renderSummary } from "./summary.ts";
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
    .addHelpText(
      "after",
      "\nExamples:\n  $ medctc compile specs/medct.vlm\n  $ medctc compile specs/medct.vlm --emit plan\n" +
        "  $ medctc compile specs/medct.vlm --target tensorflow -o model\n" +
        "  $ medctc compile specs/medct.vlm --target pytorch -o package" +
        helpOfMicroBatches,
    )
    .action((spec, flags) => {
      const { set, emit = null, after = null, output = null, target = null, memory = false } = flags;
      if (target !== null && output === null) {
        terminal.err("error: --target needs a folder to write to\n  help: add -o FOLDER\n");
        return end(exitCodes.usage);
      }
      const program = emit === "plan" || emit === null ? null : emit === "passes" ? "step" : emit;
      const ended = compile({ spec, set, program, output, target, memory }, terminalReporter(terminal));
      end(
        finish(ended, (result) => {
          terminal.out(emitted(result, emit, after));
          return result.holds ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};

/** What is asked for as text: the summary, the plan, the table of what passes do to the step, or a program. */
function emitted(
  { plan, spec, memory, program }: CompileResult,
  emit: "plan" | "passes" | ProgramName | null,
  after: string | null,
): string {
  if (emit === "plan") return planToYaml(plan, memory);
  if (program === null) return renderSummary(plan, memory);
  if (emit === "passes") return renderPassTable(program, spec);
  return printProgram(after === "none" ? program : optimise(program, spec, { last: after }));
}
