import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { listeningTerminal } from "./listening-terminal.ts";

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const program = resolve("dist/medctc.js");

/** Bundles the program if a source has changed since the last time. */
export function prepareProgram(): void {
  expect(spawnSync(process.execPath, ["runtime/setup/prepare.mjs"]).status).toBe(0);
}

/** Runs the program as a user does, in the repository or in a folder of its own. */
export function medctc(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Run {
  const { cwd = ".", input = "", env = {} } = options;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd,
    input,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

/** Runs a command line in this process, whose compiler is warm, where nothing has to be started. */
export async function runHere(commandLine: readonly string[]): Promise<Run> {
  const { terminal, said } = listeningTerminal();
  const code = await run(commandLine, terminal);
  return { code, ...said };
}
