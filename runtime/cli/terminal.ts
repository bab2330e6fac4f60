import { printable, printableLines } from "../../grammar/index.ts";

/** Asks a person a question and gives the answer; null where Ctrl-C or the end of the input is the answer. */
export type Ask = (question: string) => Promise<string | null>;

/** Where a command's words go: a process's own streams, or a test that listens. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** True when what goes to `out` is seen by a person, and not read by a program. */
  readonly outIsTerminal: boolean;
  /** True when what goes to `err` may have colours. */
  readonly colour: boolean;
  /** True when a line that was written to `err` can be written over. */
  readonly interactive: boolean;
  /** All of standard input. */
  readonly readInput: () => Promise<Uint8Array>;
  /** Null where nobody is there to answer. */
  readonly ask: Ask | null;
  /** The file that this program was started from. */
  readonly programFile: string;
}

/**
 * What a command says and reads. Nothing of a file, its name included, makes a terminal do anything: control characters are
 * written as escapes here, whatever a command gives.
 */
export interface Terminal extends Pick<Streams, "colour" | "interactive" | "readInput" | "ask" | "programFile"> {
  /** What the command is asked for. */
  readonly out: (text: string) => void;
  /** The same as a text in JSON, in which escapes are JSON's own, so that a program reads what was meant. */
  readonly json: (text: string) => void;
  /** The content of a file, exactly, unless a person is to see it. */
  readonly document: (content: string) => void;
  /** Clears the screen where a person sees what goes to `out`, and does nothing elsewhere. */
  readonly clear: () => void;
  /** Diagnostics, progress, and what to do next. */
  readonly err: (text: string | Styled) => void;
}

/** Text with colours, or what moves the cursor: our own, around what comes from elsewhere, which is neutralised. */
export class Styled {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** The parts that are filled in are neutralised. */
  static line(ours: TemplateStringsArray, ...theirs: readonly string[]): Styled {
    return new Styled(String.raw({ raw: ours }, ...theirs.map(printable)));
  }

  /** What was rendered from parts that are printable, such as diagnostics. */
  static rendered(text: string): Styled {
    return new Styled(text);
  }
}

/** Clears the screen and what was scrolled out of it, and goes to its first line. */
const clearedScreen = "\x1b[2J\x1b[3J\x1b[H";

export function terminalOn(streams: Streams): Terminal {
  const { colour, interactive, readInput, ask, programFile } = streams;
  return {
    ...{ colour, interactive, readInput, ask, programFile },
    out: (text) => streams.out(printableLines(text)),
    json: (text) => streams.out(printableJson(text)),
    clear: () => {
      if (streams.outIsTerminal && interactive) streams.out(clearedScreen);
    },
    document: (content) => streams.out(streams.outIsTerminal ? printableLines(content) : content),
    // Not by its class: commands that are bundled apart have one of their own.
    err: (text) => streams.err(typeof text === "string" ? printableLines(text) : text.text),
  };
}

/** What is left to escape stands in strings, where JSON may have it bare as well as escaped. */
function printableJson(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
}

/** How a command ends: done, a wrong spec or input, wrong usage, Ctrl-C, SIGTERM, SIGHUP. */
export const exitCodes = { done: 0, wrong: 1, usage: 2, hungUp: 129, interrupted: 130, terminated: 143 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
