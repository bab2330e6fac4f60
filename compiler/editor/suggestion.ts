import type { Fix } from "../../grammar/index.ts";
import type { Declaration } from "./declarations.ts";

/** What can be written at an offset of a spec, and where what is typed of it begins. */
export interface Completion {
  readonly start: number;
  readonly suggestions: readonly Suggestion[];
}

/** Something that can stand at a place. */
export interface Suggestion {
  readonly text: string;
  readonly kind: Declaration["kind"] | "keyword" | "operation" | "argument" | "setting" | "value" | "file" | "selector";
  /** What it is, on one line. */
  readonly detail: string;
  readonly about: string;
  /** What is written for it: `rank = ` for the argument `rank`. */
  readonly insert: string;
  /** The file of the library that has it, and the change that imports it; only for what is not imported yet. */
  readonly imports?: { readonly from: string; readonly fix: Fix };
}
