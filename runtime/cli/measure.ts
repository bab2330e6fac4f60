import { calibrateBackend } from "../app/bench/calibrate.ts";
import { measure } from "../app/bench/measure.ts";
import { isCalibrationRequest, isRequest, type Message } from "../bench/index.ts";
import { isRefusal, problemOf } from "../machine/index.ts";
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
    try {
      const last = await answer(request, (message) => void send(message)).catch(refusal);
      await new Promise((resolve) => send(last, undefined, undefined, resolve));
    } finally {
      // What is connected does not end.
      process.removeAllListeners("disconnect");
      process.disconnect();
    }
  });
};

function answer(request: unknown, tell: (message: Message) => void): Promise<Message> {
  if (isCalibrationRequest(request)) return calibrateBackend(request, tell);
  if (isRequest(request)) return measure(request, tell);
  throw new Error("a measurement is asked for by a request");
}

/** What the system refuses is shown by who asked; anything else ends this process as it ends others. */
function refusal(error: unknown): Message {
  if (!isRefusal(error)) throw error;
  return { kind: "failed", problem: problemOf(error, "the measurement") };
}
