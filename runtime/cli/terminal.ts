/** What a command says and reads, so that a test can listen in. */
export interface Terminal {
  /** What the command is asked for. */
  readonly out: (text: string) => void;
  /** Diagnostics, progress, and what to do next. */
  readonly err: (text: string) => void;
  /** True when what goes to `err` may have colours. */
  readonly colour: boolean;
  /** True when a line that was written to `err` can be written over. */
  readonly interactive: boolean;
  /** All of standard input. */
  readonly readInput: () => Promise<Uint8Array>;
  /** The folder of the library files. */
  readonly libraryFolder: string;
  /** The file that this program was started from. */
  readonly programFile: string;
}

/** How a command ends: done, a wrong spec or input, wrong usage, Ctrl-C, SIGTERM. */
export const exitCodes = { done: 0, wrong: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
