import type { Command } from "@commander-js/extra-typings";
import type { ExitCode, Terminal } from "./terminal.ts";

/** What a file of a command gives: its arguments and options with their help, and what is done with them. */
export type DefineCommand = (command: Command, terminal: Terminal, end: (code: ExitCode) => void) => void;
