import type { TrainOverrides } from "../../compiler/index.ts";
import { isRequest, measure as measureHere } from "../bench/index.ts";
import { compilePath } from "./read-spec.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

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
  const specOf = ({ path, overrides }: { readonly path: string; readonly overrides: TrainOverrides }) => {
    const { spec } = compilePath(path, terminal.libraryFolder, overrides);
    if (spec === null) throw new Error(`${path} could be compiled a moment ago`);
    return spec;
  };
  const last = await measureHere(request, specOf, (message) => void send(message));
  await new Promise((resolve) => send(last, undefined, undefined, resolve));
  process.removeAllListeners("disconnect");
  process.disconnect();
  return exitCodes.done;
}
