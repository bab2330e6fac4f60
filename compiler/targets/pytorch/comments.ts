import type { Span, TensorType } from "../../../grammar/index.ts";
import { indented } from "./python.ts";

/** The comment that stands right above something, without its `#`; empty where there is none. */
export function commentAbove({ source, start }: Span): readonly string[] {
  const lines = source.text.slice(0, start).split("\n").slice(0, -1);
  const comment: string[] = [];
  for (let line = lines.pop(); line?.trim().startsWith("#") === true; line = lines.pop())
    comment.unshift(line.trim().replace(/^#\s?/, ""));
  return comment;
}

/** A docstring of lines that are filled up to the width. */
export function docstring(indent: number, comment: readonly string[]): readonly string[] {
  const escaped = comment.map((line) => line.replaceAll("\\", "\\\\").replaceAll('"""', "'''").replace(/"$/, "'"));
  const lines = fill(escaped, 96 - 4 * indent - 3);
  const [only] = lines;
  if (only === undefined) return [];
  if (lines.length === 1) return [indented(indent, `"""${only}"""`)];
  return [`"""${only}`, ...lines.slice(1), '"""'].map((line) => indented(indent, line));
}

/** Comment lines of Python's. */
export function hashComment(indent: number, comment: readonly string[]): readonly string[] {
  return fill(comment, 98 - 4 * indent).map((line) => indented(indent, `# ${line}`));
}

/** Text in lines of at most some width. */
export function fill(lines: readonly string[], width: number): readonly string[] {
  const filled: string[] = [];
  let line = "";
  for (const word of lines.join(" ").split(/\s+/)) {
    if (line !== "" && `${line} ${word}`.length > width) {
      filled.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? filled : [...filled, line];
}

/** A type as it is written: `f32[batch, n, dim]`. */
export function writtenType({ span }: TensorType): string {
  return span.source.text.slice(span.start, span.end).replace(/\s+/g, " ");
}
