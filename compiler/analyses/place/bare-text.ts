import type { ModelDeclaration, Span } from "../../../grammar/index.ts";
import type { BareText } from "./types.ts";

/** Takes a model's placements and expectations out of its text, and leaves blanks, so that spans stay what they are. */
export function bareText(text: string, model: ModelDeclaration): BareText {
  const spans = model.members.flatMap((member) =>
    member.kind === "placement" || member.kind === "expect" ? [member.span] : [],
  );
  return { text: spans.reduce(blank, text), end: model.span.end - 1 };
}

function blank(text: string, { start, end }: Span): string {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\r\n]/g, " ") + text.slice(end);
}

/** The text with lines in its model and with further imports, which stand at its end, where they move nothing. */
export function pasteLines({ text, end }: BareText, lines: readonly string[], imports: readonly string[]): string {
  const placed = `${text.slice(0, end)}${lines.map((line) => `\n${line}`).join("")}\n${text.slice(end)}`;
  return withImports(placed, imports);
}

export function withImports(text: string, imports: readonly string[]): string {
  return `${text}${imports.map((path) => `\nimport "${path}"`).join("")}\n`;
}
