import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { printable } from "../../grammar/index.ts";
import { isRefusal, problemOf } from "../machine/index.ts";
import { describeInternalError } from "./internal-error.ts";
import { printProblem } from "./print-problem.ts";
import { run } from "./program.ts";
import { isSupervised, lifelineVariable } from "./supervised.ts";
import { type ExitCode, exitCodes, terminalOn } from "./terminal.ts";

// V8 optimises a function once it has run through so many bytes of its code, or from Node 22 on once it was called so often. Its
// own numbers, here times ten or more, are for programs that run on: a fifth of a check's time and more went into optimising code
// that was about to end. What trains reaches these in milliseconds. A flag that V8 does not know it would complain of.
const lateOptimisation = new Map([
  ["11", ["--interrupt-budget=1000000"]],
  ["12", ["--invocation-count-for-maglev=4000", "--invocation-count-for-turbofan=30000"]],
  ["13", ["--invocation-count-for-maglev=4000", "--invocation-count-for-turbofan=30000"]],
]);
const [v8 = ""] = process.versions.v8.split(".");
const commandLine = process.argv.slice(2);
// These compile at every key or save, for hours.
const compilesOften = ["lsp", "watch", "play"].includes(commandLine[0] ?? "");
if (!compilesOften) for (const flag of lateOptimisation.get(v8) ?? []) setFlagsFromString(flag);

const isDumb = process.env["TERM"] === "dumb";
const terminal = terminalOn({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  // In a pipe isTTY is not false but missing, whatever its type says.
  outIsTerminal: Boolean(process.stdout.isTTY),
  colour: Boolean(process.stderr.isTTY) && process.env["NO_COLOR"] === undefined && !isDumb,
  interactive: Boolean(process.stderr.isTTY) && !isDumb,
  readInput: async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  },
  ask:
    process.stdin.isTTY && process.stderr.isTTY
      ? async (question) => (await import("./ask.ts")).askPerson(printable(question))
      : null,
  programFile: fileURLToPath(import.meta.url),
});

// A reader that has seen enough, such as `head`, closes the pipe: that is no mistake.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? exitCodes.done : giveUp(error, "standard output"));
});
// Who closes this one wants to hear no more; the work goes on.
process.stderr.on("error", () => undefined);

/** Says what ended the program that no command expected. */
function giveUp(error: unknown, path: string): ExitCode {
  if (isRefusal(error)) printProblem(problemOf(error, path), terminal);
  else terminal.err(describeInternalError(error, commandLine));
  return exitCodes.wrong;
}

// Errors of threads, processes and streams that nobody waits for.
process.on("uncaughtException", (error) => process.exit(giveUp(error, "")));

try {
  const isWatched = process.env[lifelineVariable] !== undefined;
  // Loaded by those who need them: threads and processes take milliseconds to load, which a check feels.
  if (isWatched) (await import("./lifeline.ts")).holdLifeline();
  const ended =
    !isWatched && isSupervised(commandLine)
      ? await (await import("./supervise.ts")).supervise(commandLine, terminal)
      : null;
  process.exitCode = ended ?? (await run(commandLine, terminal));
} catch (error) {
  process.exitCode = giveUp(error, "");
}
