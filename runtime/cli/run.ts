import { Argument } from "@commander-js/extra-typings";
import { printNumberOf } from "../../compiler/index.ts";
import { programNames } from "../../compiler/names.ts";
import { type RunResults, run } from "../app/run.ts";
import { renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { helpOfMicroBatches } from "./micro-batches-help.ts";
import { backendOption, setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { adapterAt, addWeightChoices, weightChoices } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addWeightChoices(command)
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .addArgument(new Argument("<program>", "program to run").choices(programNames))
    .option("--weights <file>", "the model's weights, by their names in checkpoints")
    .option(
      "--adapter <path>",
      "the adapters' weights and the optimizer state: a file, or the folder of a run or of PEFT",
    )
    .option("--feeds <file>", "a file of inputs, by name; their first size is the batch")
    .option("--fetch <name...>", "values of the model to write too, such as vision.spatial")
    .option("--step <number>", "number of the training step", Number, 0)
    .addOption(backendOption("execution backend; auto is the fastest installed", "programs").default("evaluator"))
    .requiredOption("-o, --output <file>", "safetensors file for the results")
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc run specs/medct-small.vlm forward --weights w.safetensors --adapter lora.safetensors \\\n" +
        "      --feeds batch.safetensors --fetch vision.spatial -o out.safetensors" +
        helpOfMicroBatches,
    )
    .action(async (spec, program, flags) => {
      const { set, weights = null, adapter = null, feeds = null, fetch = [], step, backend, output } = flags;
      const request = {
        spec,
        set,
        program,
        weights,
        adapter: adapterAt(adapter, flags),
        feeds,
        fetch,
        step,
        backend,
        output,
        choices: weightChoices(flags),
      };
      end(
        finish(await run(request, terminalReporter(terminal)), (results) => {
          terminal.out(`${printNumberOf(results.size, "tensor")} in ${output}\n${resultsTable(results)}`);
          return exitCodes.done;
        }),
      );
    });
};

/** More are in the file; a person reads the first. */
const shownTensors = 40;

function resultsTable(results: RunResults): string {
  const rows = [...results]
    .slice(0, shownTensors)
    .map(([name, { shape, data }]) => [`  ${name}`, `[${shape.join(", ")}]`, data.length === 1 ? String(data[0]) : ""]);
  return renderTable(rows, ["left", "left", "left"]);
}
