import type { Span } from "../source.ts";
import type { Replacing } from "./suggest.ts";

/** A change of one text that mends a mistake. */
export interface Fix {
  /** What it does, such as "write `rank`". */
  readonly title: string;
  readonly span: Span;
  readonly text: string;
  /** True where what is written can be meant in another way, too, so that it takes somebody to choose. */
  readonly isChoice?: true;
}

/** One fix for each name that may be meant, where the written one stands once in what a diagnostic points at. */
export function fixesOf({ written, instead }: Replacing, span: Span | null): readonly Fix[] {
  if (span === null) return [];
  const text = span.source.text.slice(span.start, span.end);
  const at = text.indexOf(written);
  if (at < 0 || text.indexOf(written, at + 1) >= 0) return [];
  const place = { source: span.source, start: span.start + at, end: span.start + at + written.length };
  return instead.map((each) => ({ title: `write \`${each}\``, span: place, text: each }));
}
