import { Option } from "@commander-js/extra-typings";
import { type Timed, timedHere } from "../app/step-times.ts";
import { wholeNumber } from "./option-values.ts";
import type { Terminal } from "./terminal.ts";

/** `--machine` and its like: where a training is thought to run, for the time that it should take there. */
export function machineOption() {
  return new Option("--machine <file>", "with --time: on the machine where bench --calibrate -o wrote this file");
}

export function timedProcessesOption() {
  return new Option(
    "--processes <number>",
    "with --time: in so many processes of PyTorch on each machine, such as one for each GPU",
  ).argParser(wholeNumber(1));
}

export function timedNodesOption() {
  return new Option("--nodes <number>", "with --time: on so many machines alike").argParser(wholeNumber(1));
}

export function volumesOption() {
  return new Option("--volumes <number>", "with --time: also that of an epoch of so many volumes or images").argParser(
    wholeNumber(1),
  );
}

export function heldOutOption() {
  return new Option(
    "--held-out <number>",
    "with --volumes: the volumes or images of each evaluation, for its share",
  ).argParser(wholeNumber(1));
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
