import { spawnSync } from "node:child_process";
import { SetupError } from "./setup-error.ts";

export interface CommandNotes {
  readonly problem: string;
  readonly help: string;
  /** Where it runs; the current folder when it is left out. */
  readonly folder?: string;
}

/** Runs a command that has to succeed; throws a SetupError with the last lines of what it said where it does not. */
export function runCommand(command: string, args: readonly string[], { problem, help, folder }: CommandNotes): void {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
  });
  if (error !== undefined) throw new SetupError(`${problem}: ${command} could not be started`, help);
  if (status === 0) return;
  const last = stderr.trim().split("\n").slice(-3).join("\n");
  throw new SetupError(last === "" ? problem : `${problem}:\n${last}`, help);
}
