import { type InitRequest, init, type NewFile } from "../app/models/init.ts";
import { startingPoint } from "../app/models/start.ts";
import { done, type Ended, misused, problem } from "../app/reporter.ts";
import { printCount, quoteShell } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { askForData, askForModel, askForRank } from "./init-questions.ts";
import { wholeNumber } from "./option-values.ts";
import { exitCodes, type Terminal } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

interface Flags {
  readonly name?: string;
  readonly data?: string;
  readonly rank?: number;
  readonly output?: string;
  readonly force?: true;
}

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("[model]", "a model of `medctc models`, by its name or its spec's path")
    .option("--name <name>", "name of the new model; default: my_MODEL")
    .option("--data <folder>", "folder of the data set")
    .option(
      "--rank <number>",
      "rank of the adapters; default: the model's own. Alpha keeps its ratio to it",
      wholeNumber(1),
    )
    .option("-o, --output <file>", "file for the spec; default: NAME.vlm")
    .option("--force", "replace the file if it exists")
    .addHelpText(
      "after",
      "\nThe spec is a variant: it has the lines that are most often changed, with comments, and amends the model for the rest." +
        "\nOn a terminal, the model, the data set and the rank are asked for where they are not given." +
        "\n\nExample:\n  $ medctc init medct --data ct-rate --rank 8 -o chest.vlm",
    )
    .action(async (model, flags: Flags) => {
      const ended = await requestOf(model ?? null, flags, terminal);
      if (ended.kind !== "done") return end(finish(ended, () => exitCodes.done));
      end(
        finish(init(ended.value, terminalReporter(terminal)), ({ path, trainable, total }: NewFile) => {
          terminal.out(`${path}\n`);
          terminal.err(`${printCount(trainable)} of ${printCount(total)} parameters are trained\n`);
          terminal.err(`next: medctc compile ${quoteShell(path)}\n`);
          return exitCodes.done;
        }),
      );
    });
};

/** What is asked for, by flags and by answers. */
async function requestOf(model: string | null, flags: Flags, terminal: Terminal): Promise<Ended<InitRequest>> {
  const { name = null, data = null, rank = null, output = null, force = false } = flags;
  const reporter = terminalReporter(terminal);
  const { ask } = terminal;
  if (ask === null) {
    if (model === null) {
      reporter.problem(problem("no model specified", "`medctc models` lists them, for `medctc init MODEL`"));
      return misused;
    }
    const start = startingPoint(model, reporter);
    return start === null ? misused : done({ start, name, data, rank, output, force });
  }
  const start =
    model === null
      ? await askForModel(ask, terminal)
      : { kind: "answer" as const, value: startingPoint(model, reporter) };
  if (start.kind === "ended") return interrupted;
  if (start.value === null) return misused;
  const folder = data === null ? await askForData(ask) : { kind: "answer" as const, value: data };
  if (folder.kind === "ended") return interrupted;
  const own = start.value.rank;
  const chosen =
    rank === null && own !== null ? await askForRank(ask, own, terminal) : { kind: "answer" as const, value: rank };
  if (chosen.kind === "ended") return interrupted;
  return done({ start: start.value, name, data: folder.value, rank: chosen.value, output, force });
}

const interrupted: Ended<InitRequest> = { kind: "stopped", signal: "SIGINT" };
