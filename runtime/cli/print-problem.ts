import { createColors } from "picocolors";
import { printableLines } from "../../grammar/index.ts";
import { type Problem, sentence } from "../text/index.ts";
import { Styled, type Terminal } from "./terminal.ts";

/** Prints what is wrong, with what, and what to do. */
export function printProblem(found: Problem, terminal: Pick<Terminal, "colour" | "err">): void {
  const colours = createColors(terminal.colour);
  // A name with a line break is one line all the same.
  const subject = found.subject.includes("\n") ? JSON.stringify(found.subject) : found.subject;
  const lines = [`${colours.red("error")}: ${colours.bold(printableLines(sentence({ ...found, subject })))}`];
  if (found.help !== null) lines.push(`  ${colours.blue("help:")} ${printableLines(found.help)}`);
  terminal.err(Styled.rendered(`${lines.join("\n")}\n`));
}
