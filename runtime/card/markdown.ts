import { printable, printableLines } from "../../grammar/index.ts";
import { escapeMarkdown } from "../text/index.ts";

/** A text from elsewhere in one line, in which no sign means anything to Markdown or HTML. */
export function inline(text: string): string {
  return escapeMarkdown(printable(text)).replace(/[&#!~$]/g, (sign) => (sign === "&" ? "&amp;" : `\\${sign}`));
}

/** The same as code, between as many backticks as it takes. */
export function code(text: string): string {
  const shown = printable(text);
  const fence = "`".repeat(1 + longestRun(shown));
  return /^`|`$|^ .* $/.test(shown) ? `${fence} ${shown} ${fence}` : `${fence}${shown}${fence}`;
}

/** Lines of code. */
export function codeBlock(language: string, text: string): string {
  const shown = printableLines(text).trimEnd();
  const fence = "`".repeat(Math.max(3, 1 + longestRun(shown)));
  return `${fence}${language}\n${shown}\n${fence}\n`;
}

/** A list of facts by their names. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): string {
  return `${rows.map(([name, value]) => `- ${name}:${value.startsWith("\n") ? "" : " "}${value}`).join("\n")}\n`;
}

function longestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
}
