import { basename } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { printable } from "../../grammar/index.ts";
import { type Evaluated, type EvaluateRequest, evaluate } from "../app/evaluate/evaluate.ts";
import { printCosines } from "../app/evaluate/latent-cosines.ts";
import { latentsEndings } from "../app/evaluate/latents.ts";
import {
  evaluationTable,
  renderRunComparison,
  retrievalComparison,
  retrievalTable,
  type TaskResult,
} from "../evaluate/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { launchOf } from "./launch-options.ts";
import { printProblem } from "./print-problem.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addModelOptions, addVolumeOptions, volumeRequest } from "./volume-options.ts";
import { adapterAt } from "./weight-options.ts";

type Split = EvaluateRequest["split"];

export const define: DefineCommand = (command, terminal, end) => {
  const model = addModelOptions(command)
    .option(
      "--adapter <path...>",
      "the adapters' weights: a file, or the folder of a run or of a PEFT adapter; several are evaluated in turn and compared",
    )
    .option("--onnx <folder...>", "exported models, which are evaluated after these and held against the first")
    .option("--base", "evaluate the model without adapters, too");
  addVolumeOptions(model, "folder for scores, results and a report; default: print results only")
    .addOption(
      new Option("--split <name>", "volumes to evaluate")
        .choices(["valid", "train", "all"] satisfies Split[])
        .default("valid"),
    )
    .option(
      "--latents <file>",
      `file for the latents of volumes, and of reports where all have one: ${latentsEndings.join(" or ")}`,
      latentsFile,
    )
    .addHelpText(
      "after",
      "\nWhat is measured are the `tasks` of the `eval` block. The first that scores classes is written into the folder, each other one" +
        "\ninto a folder in it that has the task's name; of several adapters each has such a folder, and compare.html is beside these." +
        "\n\nExamples:\n  $ medctc eval specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter run -o results" +
        "\n  $ medctc eval specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --base --adapter runs/a runs/b -o results" +
        "\n  $ medctc eval specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter run --onnx model-int8",
    )
    .action(async (spec, flags) => {
      const { processes, python, base: withBase = false, split, latents = null } = flags;
      const launch = launchOf({ processes, python }, terminal);
      if (launch === "wrong") return end(exitCodes.usage);
      const ofAdapters = specBehind(spec, flags.adapter ?? []);
      const ofExports = specBehind(ofAdapters.spec, flags.onnx ?? []);
      const request = {
        ...volumeRequest(ofExports.spec, flags),
        adapters: ofAdapters.paths.map((path) => adapterAt(path, flags)),
        exported: ofExports.paths,
        withBase,
        split,
        latents,
        launch,
      };
      const ended = await evaluate(request, terminalReporter(terminal));
      end(finish(ended, (evaluated) => print(evaluated, request.output, terminal)));
    });
};

function latentsFile(path: string): string {
  if (latentsEndings.some((ending) => path.endsWith(ending) && basename(path) !== ending)) return path;
  throw new InvalidArgumentError(`Must end in ${latentsEndings.join(" or ")}.`);
}

/** An option that takes several paths takes a spec that stands behind them, too. */
function specBehind(spec: string | undefined, paths: readonly string[]) {
  const last = paths.at(-1);
  if (spec !== undefined || last === undefined || !last.endsWith(".vlm")) return { spec, paths };
  return { spec: last, paths: paths.slice(0, -1) };
}

function print({ runs, comparison, cosines }: Evaluated, output: string | null, terminal: Terminal): ExitCode {
  if (comparison === null) for (const { results } of runs) terminal.out(resultTables(results));
  else terminal.out(comparisonTables(comparison));
  const [first] = runs;
  for (const { label, cosines: found } of cosines) {
    const names = `${printable(label)} and ${printable(first?.label ?? "")}`;
    terminal.out(`\ncosines of latents of ${names}: ${printCosines({ cosines: found })}\n`);
  }
  // Nobody looks for the first line above a long table.
  for (const warning of new Set(runs.flatMap(({ warnings }) => warnings)))
    terminal.err(`warning: ${printable(warning)}\n`);
  const written = [...runs.map((run) => ({ folder: run.output, files: run.files }))];
  if (comparison !== null) written.push({ folder: output, files: comparison.files });
  let code: ExitCode = exitCodes.done;
  for (const [place, { folder, files }] of written.entries()) {
    if (files.kind === "failed") {
      printProblem(files.problem, terminal);
      code = exitCodes.wrong;
    } else if (folder !== null && files.value.length > 0)
      terminal.out(`${place === 0 ? "\n" : ""}${files.value.join(", ")} in ${folder}\n`);
  }
  for (const { latents } of runs) {
    if (latents === null) continue;
    if (latents.kind === "ok") terminal.out(`latents in ${latents.value}\n`);
    else {
      printProblem(latents.problem, terminal);
      code = exitCodes.wrong;
    }
  }
  return code;
}

/** The tables of tasks, with their names where there are several. */
function resultTables(results: readonly TaskResult[]): string {
  const tables = results.map((result) => {
    const table = result.kind === "retrieval" ? retrievalTable(result.evaluation) : evaluationTable(result.evaluation);
    return results.length === 1 ? table : `${result.task.name}\n\n${table}`;
  });
  return tables.join("\n");
}

function comparisonTables({ tasks }: NonNullable<Evaluated["comparison"]>): string {
  const tables = tasks.map((each) => {
    const table =
      each.kind === "retrieval"
        ? retrievalComparison(each.compared)
        : renderRunComparison(each.compared, each.labels, "AUROC", "text");
    return tasks.length === 1 ? table : `${each.task}\n\n${table}`;
  });
  return tables.join("\n");
}
