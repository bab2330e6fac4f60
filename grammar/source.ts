/** One text as it was read, with its lines found once so that offsets turn into lines and columns quickly. */
export interface Source {
  /** The name shown to the user: a path relative to where the command runs, or `std/linear`. */
  readonly name: string;
  readonly text: string;
  /** Offset of the first character of each line. */
  readonly lineStarts: readonly number[];
}

/** A half-open range of UTF-16 offsets in one source. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Zero-based line and UTF-16 character, as the language server protocol counts them. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Wraps a text; every line end that editors use (`\n`, `\r\n`, `\r`) starts a line. */
export function createSource(name: string, text: string): Source {
  const lineStarts = [0];
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === 13 && text.charCodeAt(offset + 1) === 10) continue;
    if (code === 10 || code === 13) lineStarts.push(offset + 1);
  }
  return { name, text, lineStarts };
}

/** The line and character of an offset, found by bisection. */
export function positionAt(source: Source, offset: number): Position {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low, character: offset - (source.lineStarts[low] ?? 0) };
}

/** A stretch of a text by lines and characters, as the Language Server Protocol has it. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export function rangeOf({ source, start, end }: Span): Range {
  return { start: positionAt(source, start), end: positionAt(source, end) };
}

/** The text of a line without its line end; empty past the last line. */
export function lineText(source: Source, line: number): string {
  const start = source.lineStarts[line];
  if (start === undefined) return "";
  const end = source.lineStarts[line + 1] ?? source.text.length;
  return source.text.slice(start, end).replace(/[\r\n]+$/, "");
}

/** The smallest span that covers both; both must lie in the same source. */
export function joinSpans(first: Span, last: Span): Span {
  return { source: first.source, start: Math.min(first.start, last.start), end: Math.max(first.end, last.end) };
}
