import { measure } from "../app/bench/measure.ts";
import { isRequest } from "../bench/index.ts";
import type { DefineCommand } from "./command.ts";
import { exitCodes } from "./terminal.ts";

/** The process that `medctc bench` starts; it is told what to do in a message, and answers in others. */
export const define: DefineCommand = (command, terminal, end) => {
  command.action(async () => {
    const send = process.send?.bind(process);
    if (send === undefined) {
      terminal.err("error: `medctc bench` starts this for itself\n");
      return end(exitCodes.usage);
    }
    // Who asked is gone, and nobody else wants the answer.
    process.once("disconnect", () => process.exit(exitCodes.wrong));
    const request: unknown = await new Promise((resolve) => process.once("message", resolve));
    if (!isRequest(request)) throw new Error("a measurement is asked for by a request");
    const last = await measure(request, (message) => void send(message));
    await new Promise((resolve) => send(last, undefined, undefined, resolve));
    process.removeAllListeners("disconnect");
    process.disconnect();
  });
};
