import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { run } from "./program.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

// V8 optimises a function once it has run through that many bytes of its code. Its own 67,584 are for programs that run on:
// a quarter of a check's time went into optimising code that was about to end. What trains reaches this in milliseconds.
// Node 22 and newer have no such flag, and would say so.
if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=1000000");

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  // In a pipe isTTY is not false but missing, whatever its type says.
  colour: Boolean(process.stderr.isTTY) && process.env["NO_COLOR"] === undefined && process.env["TERM"] !== "dumb",
  interactive: Boolean(process.stderr.isTTY) && process.env["TERM"] !== "dumb",
  readInput: async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  },
  // The program is bundled into dist/, beside specs/.
  libraryFolder: fileURLToPath(new URL("../specs/std/", import.meta.url)),
  programFile: fileURLToPath(import.meta.url),
};

// A reader that has seen enough, such as `head`, closes the pipe: that is no mistake.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  throw error;
});

try {
  process.exitCode = await run(process.argv.slice(2), terminal);
} catch (error) {
  const detail = error instanceof Error ? error.message : String(error);
  terminal.err(`medctc has a mistake of its own: ${detail}\nPlease report it with the spec that shows it.\n`);
  process.exitCode = exitCodes.wrong;
}
