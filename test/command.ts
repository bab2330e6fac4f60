import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/** The built program; scripts and tests run in the repository's root. */
export const program = resolve("dist/medctc.js");

interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where complaints go: into the error of a command that fails, or at once to where this process's go. */
  readonly stderr?: "pipe" | "inherit";
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever that is. */
export function run(command: string, words: readonly string[], options: CommandOptions = {}): Ended {
  const { env = {}, stderr = "pipe" } = options;
  const { error, ...ended } = spawnSync(command, words, {
    stdio: ["ignore", "pipe", stderr],
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  // What is inherited is not given, in spite of its type.
  return { ...ended, stderr: stderr === "pipe" ? ended.stderr : "" };
}

/** What a command prints; throws with all that it said when it fails. */
export function outputOf(command: string, words: readonly string[], options: CommandOptions = {}): string {
  const { status, stdout, stderr } = run(command, words, options);
  if (status !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** What medctc prints; throws as `outputOf` does. */
export function medctc(...words: readonly string[]): string {
  return outputOf(process.execPath, [program, ...words]);
}
