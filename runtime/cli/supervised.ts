/** Commands that finish and save something when they are asked to stop; all others a first signal ends by itself. */
const supervised: ReadonlySet<string> = new Set(["train", "eval", "bench", "sweep"]);

/** Set for a process that is supervised, and removed by it: processes that it starts are none of ours. */
export const lifelineVariable = "MEDCTC_LIFELINE";

/** Whether a command line is run in a process that another one watches over. */
export function isSupervised([command = "", ...rest]: readonly string[]): boolean {
  // Windows has no signals to forward, and a debugger wants the process that it started.
  if (process.platform === "win32" || process.execArgv.some((flag) => flag.startsWith("--inspect"))) return false;
  return supervised.has(command) && !rest.some((word) => word === "--help" || word === "-h");
}
