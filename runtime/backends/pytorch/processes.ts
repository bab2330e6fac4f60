import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Lines of what processes write that are kept, for the message when they fail. */
const keptLines = 40;

/** That long processes have to end by themselves. */
const graceMs = 5000;

/** Processes that were started together. */
export interface Processes {
  /** How they ended; it never rejects. */
  readonly ended: Promise<{ readonly isWell: boolean; readonly how: string }>;
  /** The last lines of what they wrote. */
  readonly lines: () => readonly string[];
  /** The numbers of those that run now. */
  readonly running: () => readonly number[];
  /** Waits for them to end by themselves, and ends those that do not. */
  readonly end: () => Promise<void>;
}

/**
 * Starts torchrun from a process that ends as soon as this one has closed its standard input, however this one ended: while it
 * waits for other machines nothing else would tell it. In a group of its own, so that Ctrl-C reaches this program alone.
 */
const launcher = `
import logging, os, sys, threading
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main

def watch():
    # Not by sys.stdin, whose lock a thread may not hold when Python ends.
    os.read(0, 1)
    os._exit(1)

threading.Thread(target=watch, daemon=True).start()
# Of torchrun's own words, the processes' stand out.
logging.disable()
try:
    main(sys.argv[1:])
except ChildFailedError as error:
    rank, failure = error.get_first_failure()
    if failure.exitcode < 0:
        print(f"process {rank} was ended by {failure.signal_name()}", file=sys.stderr)
    sys.exit(1)
`;

/** Starts `torchrun` with some words in a Python. Rejects with what the system says when it cannot be started. */
export async function startTorchrun(
  python: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Processes> {
  const child = spawn(python, ["-c", launcher, ...words], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...environment },
    detached: true,
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      // A line without an end is as long as it likes.
      rest = (parts.pop() ?? "").slice(-4096);
      lines.push(...parts.map((line) => line.trimEnd()).filter((line) => line !== ""));
      lines.splice(0, lines.length - keptLines);
    });
  }
  // That it has ended is heard of by its end.
  child.stdin.on("error", () => undefined);
  const ended: Processes["ended"] = new Promise((resolve) => {
    child.on("close", (code, signal) =>
      resolve({ isWell: code === 0, how: signal ?? `exit status ${code ?? "none"}` }),
    );
  });
  const { pid } = await new Promise<typeof child>((resolve, reject) => {
    child.once("spawn", () => resolve(child));
    child.once("error", reject);
  });
  if (pid === undefined) throw new Error("a process that was spawned has a number");
  const running = (): readonly number[] => processesBelow(pid);
  return {
    ended,
    lines: () => [...lines],
    running,
    end: async () => {
      const isOver = ended.then(() => true);
      if (await Promise.race([isOver, wait(graceMs, false, { ref: false })])) return;
      const left = running();
      child.stdin.end();
      for (const each of [pid, ...left]) kill(each);
      await ended;
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

/** The processes that one has started, with those that these have started; none where the system does not list them. */
function processesBelow(pid: number): readonly number[] {
  let listed: string;
  try {
    listed = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    return [];
  }
  return listed
    .split(" ")
    .filter((word) => word !== "")
    .flatMap((word) => [Number(word), ...processesBelow(Number(word))]);
}
