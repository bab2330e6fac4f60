import type { Span } from "../../grammar/index.ts";
import type { Program } from "../ir/index.ts";
import type { NeedsWeights, TargetName } from "../names.ts";
import type { PassContext } from "../passes/index.ts";
import type { TracedSpec } from "../programs/index.ts";

/** A file of a spec in a target. */
export interface TargetFile {
  /** Its path in the folder of all of them, with `/`. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** Why a target cannot say a spec. */
export interface Unwritable {
  readonly span: Span;
  readonly message: string;
}

/** What a file says of who wrote it, and how a text is known again. */
export interface WrittenBy {
  readonly version: string;
  readonly sha256: (text: string) => string;
  /** The text of the spec, where it is not that of its file, as with what `--set` says. */
  readonly text?: string;
  /** What the inputs are made of, where that is known: units, spacing, orientation, window. */
  readonly contract?: Json;
}

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What writes the files of a spec, with nothing but the spec at hand; null where that is not enough. */
type FilesOf<Name extends TargetName> = Name extends TargetName
  ? NeedsWeights<Name> extends true
    ? null
    : (spec: TracedSpec, about: WrittenBy) => readonly TargetFile[] | Unwritable
  : never;

/** What the programs of a spec can be written for. `targets` lists all of them. */
export interface Target<Name extends TargetName = TargetName> {
  /** The word for it on the command line. */
  readonly name: Name;
  /** The passes that lead to a program that can be written for it. */
  readonly optimise: (program: Program, context: PassContext) => Program;
  /** The files of a spec; null for a target that needs the values of weights for them, which has a command of its own. */
  readonly files: FilesOf<Name>;
}
