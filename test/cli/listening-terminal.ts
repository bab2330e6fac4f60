import { resolve } from "node:path";
import { type Terminal, terminalOn } from "../../runtime/cli/terminal.ts";

/** A terminal without colours or input, and what was said there until now. */
export function listeningTerminal(): {
  readonly terminal: Terminal;
  readonly said: { readonly out: string; readonly err: string };
} {
  const said = { out: "", err: "" };
  const terminal = terminalOn({
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    outIsTerminal: false,
    colour: false,
    interactive: false,
    readInput: () => Promise.resolve(new Uint8Array()),
    ask: null,
    programFile: resolve("dist/medctc.js"),
  });
  return { terminal, said };
}
