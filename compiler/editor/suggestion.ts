import type { Declaration } from "./declarations.ts";

/** Something that can stand at a place. */
export interface Suggestion {
  readonly text: string;
  readonly kind: Declaration["kind"] | "keyword" | "operation" | "argument" | "setting" | "file" | "selector";
  /** What it is, on one line. */
  readonly detail: string;
  readonly about: string;
  /** What is written for it: `rank = ` for the argument `rank`. */
  readonly insert: string;
}
