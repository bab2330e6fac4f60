import { spawn } from "node:child_process";
import { StopRequest, type StopSignal, stopSignals } from "../machine/index.ts";
import { lifelineVariable } from "./supervised.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

/** That long a command has to show by itself that it heard. */
const quietMs = 400;
/** That long it has to end by itself, giving back what it holds. */
const graceMs = 300;

/**
 * Runs a command line in a process of its own, and hears signals while that one cannot: TensorFlow holds up its thread as long
 * as it builds, loads or steps. The first is passed on, so that the command saves between two steps; it is answered here when
 * the command is silent. The second ends it at once. When this process is killed the other one ends with it. Null where the
 * system starts no further process.
 */
export async function supervise(commandLine: readonly string[], terminal: Terminal): Promise<number | null> {
  const child = spawn(process.execPath, [...process.execArgv, terminal.programFile, ...commandLine], {
    // The fourth is the lifeline: it breaks when this process ends, however it ends.
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, [lifelineVariable]: "3" },
    // In a group of its own: Ctrl-C reaches it once, by us, and all that it has started can be ended with it.
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) {
    child.on("error", () => undefined);
    return null;
  }
  const request = new StopRequest();
  let hasEnded = false;
  const endAll = (): void => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
  };
  const hear = (signal: StopSignal): void => {
    const isSecond = request.hear(signal, performance.now());
    child.kill(signal);
    if (isSecond) setTimeout(endAll, graceMs);
    else
      setTimeout(() => {
        if (!hasEnded) terminal.err("\nstopping after this step; press Ctrl-C again to exit now\n");
      }, quietMs).unref();
  };
  for (const signal of stopSignals) process.on(signal, hear);
  const [code, signal] = await new Promise<readonly [number | null, NodeJS.Signals | null]>((settle) =>
    child.on("exit", (...ended) => settle(ended)),
  );
  hasEnded = true;
  for (const each of stopSignals) process.removeListener(each, hear);
  if (code !== null) return code;
  endAll();
  // So that a shell, or a sweep, sees how it ended.
  if (signal !== null) process.kill(process.pid, signal === "SIGKILL" ? (request.signal() ?? signal) : signal);
  return exitCodes.wrong;
}
