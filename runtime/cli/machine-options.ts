import type { Command, OptionValues } from "@commander-js/extra-typings";
import { type Timed, timedHere } from "../app/step-times.ts";
import { wholeNumber } from "./option-values.ts";
import type { Terminal } from "./terminal.ts";

/** For the time that a training should take: of how many examples an epoch is, and `--machine` and its like, where it is thought to run. */
export function addTimeOptions<Arguments extends unknown[], Flags extends OptionValues>(
  command: Command<Arguments, Flags>,
) {
  return command
    .option("--volumes <number>", "with --time: also that of an epoch of so many volumes or images", wholeNumber(1))
    .option(
      "--held-out <number>",
      "with --volumes: the volumes or images of each evaluation, for its share",
      wholeNumber(1),
    )
    .option("--machine <file>", "with --time: on the machine where bench --calibrate -o wrote this file")
    .option(
      "--processes <number>",
      "with --time: in so many processes of PyTorch on each machine, such as one for each GPU",
      wholeNumber(1),
    )
    .option("--nodes <number>", "with --time: on so many machines alike", wholeNumber(1));
}

interface TimeFlags {
  readonly machine?: string | undefined;
  readonly processes?: number | undefined;
  readonly nodes?: number | undefined;
  readonly volumes?: number | undefined;
  readonly heldOut?: number | undefined;
}

/** What these options say together; `wrong` after printing what one of them lacks. `ask` is the option that asks for times. */
export function timedOf(
  { machine, processes, nodes, volumes, heldOut }: TimeFlags,
  { isAsked, ask }: { readonly isAsked: boolean; readonly ask: string },
  { err }: Pick<Terminal, "err">,
): Timed | "wrong" {
  const wrong = (message: string, help: string): "wrong" => {
    err(`error: ${message}\n  help: ${help}\n`);
    return "wrong";
  };
  if (heldOut !== undefined && volumes === undefined)
    return wrong("--held-out is for the time of an epoch", "add --volumes N");
  if (volumes !== undefined && !isAsked) return wrong("--volumes is for the time of an epoch", `add ${ask}`);
  const of = Object.entries({ machine, processes, nodes }).find(([, given]) => given !== undefined);
  if (of !== undefined && !isAsked) return wrong(`--${of[0]} is for the time of a step`, `add ${ask}`);
  return {
    where: {
      machine: machine ?? timedHere.machine,
      processes: processes ?? timedHere.processes,
      nodes: nodes ?? timedHere.nodes,
    },
    examples: volumes === undefined ? null : { volumes, heldOut: heldOut ?? null },
  };
}
