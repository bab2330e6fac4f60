import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Launch } from "../backends/index.ts";
import { wholeNumber } from "./option-values.ts";
import { printProblem } from "./print-problem.ts";
import type { Terminal } from "./terminal.ts";

/** `--processes`: how many a backend starts that has some. */
export function processesOption() {
  return new Option("--processes <number>", "processes of PyTorch on this machine; default: 1").argParser(
    wholeNumber(1),
  );
}

/** `--python`: what they run in. */
export function pythonOption() {
  return new Option(
    "--python <path>",
    "a Python with PyTorch; default: $MEDCTC_PYTHON, the one of `medctc backend install pytorch`, or python3",
  );
}

/** Where the machines of a training meet, `host:29500`. */
function rendezvous(text: string): string {
  const [, port = ""] = /^[^\s:]+:(\d{1,5})$/.exec(text) ?? /^\[[0-9a-fA-F:]+\]:(\d{1,5})$/.exec(text) ?? [];
  if (port !== "" && Number(port) > 0 && Number(port) < 2 ** 16) return text;
  throw new InvalidArgumentError("Must be a host and a port, such as node1:29500.");
}

/** `--nodes` and its like: how a training on several machines is started on each of them, or by somebody else. */
export function nodesOption() {
  return new Option("--nodes <number>", "machines that train together; run the same command on each").argParser(
    wholeNumber(1),
  );
}

export function nodeRankOption() {
  return new Option("--node-rank <number>", "which of them this one is; 0, the first, writes the run").argParser(
    wholeNumber(0),
  );
}

export function rendezvousOption() {
  return new Option(
    "--rendezvous <host:port>",
    "where they meet: the first machine, and a port that is free on it",
  ).argParser(rendezvous);
}

export function attachOption() {
  return new Option("--attach <socket>", "start no process; wait for those that connect to this socket");
}

interface LaunchFlags {
  readonly processes?: number | undefined;
  readonly python?: string | undefined;
  readonly nodes?: number | undefined;
  readonly nodeRank?: number | undefined;
  readonly rendezvous?: string | undefined;
  readonly attach?: string | undefined;
}

/** How processes are started, null where nothing was said of that; `wrong` after printing what does not go together. */
export function launchOf(flags: LaunchFlags, terminal: Pick<Terminal, "colour" | "err">): Launch | null | "wrong" {
  const {
    processes = 1,
    python = null,
    nodes: count = 1,
    nodeRank: rank = 0,
    rendezvous = null,
    attach: socket,
  } = flags;
  const launch = { processes, machines: { count, rank } };
  const wrong = (message: string, help: string): "wrong" => {
    printProblem({ subject: "", message, help }, terminal);
    return "wrong";
  };
  if (rank >= count) return wrong(`there is no machine ${rank} of ${count}`, "count them from 0 with --node-rank");
  if (socket !== undefined) {
    if (python === null && rendezvous === null) return { ...launch, by: { kind: "attached", socket } };
    return wrong(
      "--attach starts no process",
      "remove --python and --rendezvous, which are for processes that are started",
    );
  }
  if (count > 1 && rendezvous === null) return wrong("no place where the machines meet", "add --rendezvous HOST:PORT");
  if (count === 1 && rendezvous !== null)
    return wrong("one machine meets no other", "add --nodes, or remove --rendezvous");
  if (Object.values(flags).every((flag) => flag === undefined)) return null;
  return { ...launch, by: { kind: "torchrun", python, rendezvous } };
}
