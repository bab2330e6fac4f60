import { createColors } from "picocolors";
import { printable } from "../../grammar/index.ts";
import type { DataProblem } from "../data/index.ts";
import { Styled } from "./terminal.ts";

/** A problem of a data set as a person reads it: what is wrong, the file, and what to do. */
export function renderDataProblem({ file, rule, help }: DataProblem, { colour }: { readonly colour: boolean }): Styled {
  const colours = createColors(colour);
  const lines = [`${colours.red("error")}: ${colours.bold(printable(`${file}: ${rule}`))}`];
  if (help !== null) lines.push(`  ${colours.blue("help:")} ${printable(help)}`);
  return Styled.rendered(`${lines.join("\n")}\n`);
}
