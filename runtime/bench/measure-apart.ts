import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import {
  type CalibrationRequest,
  type Failure,
  isMessage,
  lessMemory,
  type Message,
  type Request,
} from "./messages.ts";

/** How a measurement in a process of its own ended. */
export type Ended = Exclude<Message, { readonly kind: "progress" }> | { readonly kind: "interrupted" };

export interface Apart {
  /** The file of this program. */
  readonly program: string;
  /** Added to the environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /** The file for what TensorFlow writes. */
  readonly log: string;
  /** What the runs need at least, for the message about a process that was ended. */
  readonly expected: string;
  readonly progress: (text: string) => void;
}

/** Signals by which a system ends a program that takes too much memory, and C++ one that gets none. */
const outOfMemory: ReadonlySet<string> = new Set(["SIGKILL", "SIGABRT"]);

/** Measures in a process of its own, so that its memory is that of the runs alone. Ctrl-C ends both. */
export function measureApart(request: Request | CalibrationRequest, apart: Apart): Promise<Ended> {
  return new Promise((resolve) => {
    const log = openSync(apart.log, "w");
    const child = spawn(process.execPath, [apart.program, "measure"], {
      stdio: ["ignore", "ignore", log, "ipc"],
      env: { ...process.env, ...apart.environment },
    });
    let ended: Ended | null = null;
    const interrupt = (): void => {
      ended = { kind: "interrupted" };
      child.kill("SIGKILL");
    };
    process.once("SIGINT", interrupt);
    child.on("message", (message: unknown) => {
      if (!isMessage(message)) return;
      if (message.kind === "progress") apart.progress(message.text);
      else ended ??= message;
    });
    child.on("error", (error) => {
      ended ??= failure(`no process could be started: ${error.message}`, "free memory or processes");
    });
    child.on("close", (code, signal) => {
      process.removeListener("SIGINT", interrupt);
      closeSync(log);
      resolve(ended ?? endedWithout(code, signal, apart));
    });
    // A process that is gone already is seen by its end.
    child.send(request, () => undefined);
  });
}

function endedWithout(code: number | null, signal: string | null, { expected, log }: Apart): Ended {
  if (signal === "SIGINT") return { kind: "interrupted" };
  if (signal !== null && outOfMemory.has(signal)) {
    return failure(`the run was ended by the system (${signal}), most likely for memory; ${expected}`, lessMemory);
  }
  const last = readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "";
  const how = `${signal ?? code ?? "no status"}`;
  return failure(
    `the run ended with ${how}${last === "" ? "" : `: ${last}`}`,
    "medctc doctor says whether TensorFlow is whole",
  );
}

function failure(message: string, help: string): Failure {
  return { kind: "failed", problem: { subject: "", message, help } };
}
