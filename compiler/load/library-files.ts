import { createSource, type ParsedFile, parse, type Source } from "../../grammar/index.ts";

export interface ParsedSource {
  readonly source: Source;
  readonly parsed: ParsedFile;
}

/** What files of the library were parsed to, by their names: an editor asks at every key, and they are the same each time. */
const known = new Map<string, ParsedSource>();

/** Parses a file that comes with the program; the same text gives the same tree. */
export function parseLibraryFile(name: string, text: string): ParsedSource {
  const before = known.get(name);
  if (before?.source.text === text) return before;
  const source = createSource(name, text);
  const found = { source, parsed: parse(source) };
  known.set(name, found);
  return found;
}
