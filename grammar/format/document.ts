/**
 * What to print, before it is known where lines end: a group stays on one line when it fits, else all the line breaks
 * directly in it are taken (Wadler, "A prettier printer").
 */
export type Document =
  | string
  | { readonly kind: "joined"; readonly parts: readonly Document[]; readonly forced: boolean }
  | { readonly kind: "indented"; readonly content: Document; readonly forced: boolean }
  | { readonly kind: "group"; readonly content: Document; readonly forced: boolean }
  | { readonly kind: "line"; readonly flat: string; readonly forced: boolean };

/** A space, or the end of the line. */
export const line: Document = { kind: "line", flat: " ", forced: false };
/** Nothing, or the end of the line. */
export const softLine: Document = { kind: "line", flat: "", forced: false };
/** Always the end of the line, so that every group around it is broken. */
export const hardLine: Document = { kind: "line", flat: "", forced: true };

/** Nothing, but every group around it is broken: a comment must be the last of its line. */
export const forceBreak: Document = { kind: "joined", parts: [], forced: true };

const indentWidth = 2;

function isForced(document: Document): boolean {
  return typeof document !== "string" && document.forced;
}

/** A few documents in a row. */
export function join(...parts: readonly Document[]): Document {
  return joinAll(parts);
}

/** Any number of documents in a row. */
export function joinAll(parts: readonly Document[]): Document {
  return { kind: "joined", parts, forced: parts.some(isForced) };
}

/** The documents with a separator between each two. */
export function separate(separator: Document, documents: readonly Document[]): Document {
  return joinAll(documents.flatMap((document, index) => (index === 0 ? [document] : [separator, document])));
}

export function indent(content: Document): Document {
  return { kind: "indented", content, forced: isForced(content) };
}

export function group(...parts: readonly Document[]): Document {
  const content = join(...parts);
  return { kind: "group", content, forced: isForced(content) };
}

interface Command {
  readonly document: Document;
  readonly indentation: number;
  readonly flat: boolean;
}

/** Prints a document within a width in characters; without blanks at the ends of lines. */
export function print(document: Document, width: number): string {
  const output: string[] = [];
  const commands: Command[] = [{ document, indentation: 0, flat: false }];
  let column = 0;
  let pendingIndentation = 0;
  const write = (text: string): void => {
    if (text === "") return;
    if (pendingIndentation > 0) output.push(" ".repeat(pendingIndentation));
    pendingIndentation = 0;
    output.push(text);
    column += text.length;
  };
  for (let command = commands.pop(); command !== undefined; command = commands.pop()) {
    const { document: current, indentation, flat } = command;
    if (typeof current === "string") {
      write(current);
      continue;
    }
    switch (current.kind) {
      case "joined":
        for (const part of current.parts.toReversed()) commands.push({ document: part, indentation, flat });
        break;
      case "indented":
        commands.push({ document: current.content, indentation: indentation + indentWidth, flat });
        break;
      case "group": {
        const whole: Command = { document: current.content, indentation, flat: true };
        const stays = !current.forced && (flat || fits(whole, commands, width - column));
        commands.push(stays ? whole : { ...whole, flat: false });
        break;
      }
      case "line":
        if (flat && !current.forced) {
          write(current.flat);
        } else {
          output.push("\n");
          column = indentation;
          pendingIndentation = indentation;
        }
        break;
    }
  }
  return output.join("");
}

/** True when a command and what follows it up to the next line end need no more than `room` characters. */
function fits(first: Command, rest: readonly Command[], room: number): boolean {
  const stack: Command[] = [first];
  let left = room;
  let restIndex = rest.length;
  while (left >= 0) {
    const command = stack.pop() ?? rest[--restIndex];
    if (command === undefined) return true;
    const { document, flat } = command;
    if (typeof document === "string") {
      left -= document.length;
      continue;
    }
    switch (document.kind) {
      case "joined":
        for (const part of document.parts.toReversed()) stack.push({ ...command, document: part });
        break;
      case "indented":
        stack.push({ ...command, document: document.content });
        break;
      case "group":
        stack.push({ ...command, document: document.content, flat: flat && !document.forced });
        break;
      case "line":
        if (!flat || document.forced) return true;
        left -= document.flat.length;
        break;
    }
  }
  return false;
}
