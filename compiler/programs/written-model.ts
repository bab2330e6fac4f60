import type { ModelDeclaration } from "../../grammar/index.ts";
import type { Component, Files, Value } from "../elaborate/index.ts";
import type { Program } from "../load/index.ts";
import type { PlacedAdapters } from "../select/index.ts";

/** A model as it is written, with what was made of it: what a target reads that writes a program for people. */
export interface WrittenModel {
  readonly declaration: ModelDeclaration;
  readonly program: Program;
  readonly components: readonly Component[];
  readonly placed: readonly PlacedAdapters[];
  /** The lets that are known before anything is traced. */
  readonly constants: ReadonlyMap<string, Value>;
  /** What the declarations of each file know. */
  readonly files: Files;
}
