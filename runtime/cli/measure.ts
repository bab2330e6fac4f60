import { backendNamed } from "../backends/index.ts";
import { isRequest, type Message, measuredPrograms, measure as measureHere, type Request } from "../bench/index.ts";
import { isSystemError, storageProblem } from "../files/index.ts";
import { compilePath } from "./read-spec.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { openWeights } from "./weight-sources.ts";

/** `medctc measure`: the process that `medctc bench` starts; it is told what to do in a message, and answers in others. */
export async function measure(terminal: Terminal): Promise<ExitCode> {
  const send = process.send?.bind(process);
  if (send === undefined) {
    terminal.err("error: `medctc bench` starts this for itself\n");
    return exitCodes.usage;
  }
  // Who asked is gone, and nobody else wants the answer.
  process.once("disconnect", () => process.exit(exitCodes.wrong));
  const request: unknown = await new Promise((resolve) => process.once("message", resolve));
  if (!isRequest(request)) throw new Error("a measurement is asked for by a request");
  try {
    const last = await measured(request, terminal, (message) => void send(message)).catch(refusal);
    await new Promise((resolve) => send(last, undefined, undefined, resolve));
  } finally {
    // What is connected does not end.
    process.removeAllListeners("disconnect");
    process.disconnect();
  }
  return exitCodes.done;
}

/** What the system refuses is shown by who asked; anything else ends this process as it ends others. */
function refusal(error: unknown): Message {
  if (!isSystemError(error)) throw error;
  const { path, reason, help } = storageProblem("the measurement", error);
  return { kind: "failed", problem: `${path}: ${reason}`, help };
}

/** Opens a spec and its weights as `medctc train` does, and measures; both were found in order a moment ago. */
async function measured(request: Request, terminal: Terminal, tell: (message: Message) => void): Promise<Message> {
  const { path, overrides, program, weights } = request;
  const compiled = compilePath(path, terminal.libraryFolder, overrides);
  const { spec } = compiled;
  const backend = backendNamed(request.backend);
  const programs = spec === null || backend === null ? null : measuredPrograms(spec, backend, program);
  if (spec === null || backend === null || programs === null) throw new Error(`${path} has the program ${program}`);
  const loaded = backend.load();
  if (loaded.kind === "unavailable") return { kind: "failed", problem: loaded.reason, help: `run: ${loaded.repair}` };
  // An adapter's first values do as well: they have the shapes of any.
  const opened = openWeights(programs, compiled, { weights, adapter: null, allowMissing: [] });
  if (opened.kind === "wrong") throw new Error(`${weights} has the weights of ${path}`);
  try {
    return await measureHere(request, { spec, backend, programs, piecesOf: opened.piecesOf }, tell);
  } finally {
    opened.close();
  }
}
