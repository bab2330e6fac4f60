import type { Problem } from "../text/index.ts";

/** Where something stands in a sweep file, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong at a place of a sweep file; null for what is about the file as a whole. */
export interface PlacedProblem extends Pick<Problem, "message" | "help"> {
  readonly place: Place | null;
}

/** The same of a file that has a name. */
export function inFile(file: string, { place, message, help }: PlacedProblem): Problem {
  return { subject: place === null ? file : `${file}:${place.line}:${place.column}`, message, help };
}
