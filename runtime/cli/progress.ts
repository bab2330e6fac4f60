import { Styled, type Terminal } from "./terminal.ts";

/** Without a terminal, that long between lines that only count on. */
const quietMs = 5000;

/** What a long command is at: one line that changes on a terminal, plain lines elsewhere. */
export class Progress {
  private readonly terminal: Terminal;
  private lastAt = Number.NEGATIVE_INFINITY;
  private lastWord = "";

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** `building`, or `step 3 of 10`. */
  say(text: string): void {
    if (this.terminal.interactive) {
      this.terminal.err(Styled.line`\r\u001b[K${text} ...`);
      return;
    }
    const word = text.split(" ")[0] ?? "";
    if (word === this.lastWord && performance.now() - this.lastAt < quietMs) return;
    this.lastWord = word;
    this.lastAt = performance.now();
    this.terminal.err(`${text}\n`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.terminal.interactive) this.terminal.err(Styled.line`\r\u001b[K`);
  }
}
