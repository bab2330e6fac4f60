import type { Expression } from "../../../grammar/index.ts";
import type { Attention } from "./attention.ts";
import type { FoundIdiom } from "./match-idioms.ts";
import type { Python } from "./python.ts";
import type { Declarations, Scope, Writer } from "./scope.ts";

/** Where an expression stands. */
export interface Place {
  readonly scope: Scope;
  readonly declarations: Declarations;
  readonly writer: Writer;
  /** Whether dropout is on, there; null where nothing is computed from tensors. */
  readonly training: Python | null;
  /** The name by which an adapter means what it adapts. */
  readonly base: string | null;
  /** The values of a model's encoders by their names, where they have been called. */
  readonly encoders: ReadonlyMap<string, EncoderValue>;
  /** True where modules are made, and nothing is computed from tensors. */
  readonly isMaking: boolean;
  /** True in the methods of the model, which has the adapters. */
  readonly isOfModel: boolean;
  /** The module that a pipe makes there; null where none may be made. */
  readonly head: Python | null;
  /** What is computed as one attention, by the product that ends it. */
  readonly attentions: ReadonlyMap<Expression, Attention>;
  /** What PyTorch has by a name of its own, by its outermost expression. */
  readonly idioms: ReadonlyMap<Expression, FoundIdiom>;
  /** Expressions whose values are there already. */
  readonly replaced: ReadonlyMap<Expression, Python>;
}

/** What a model knows of an encoder that it has called. */
export interface EncoderValue {
  readonly variable: Python;
  /** The let that the encoder's forward returns; null where that is another expression. */
  readonly returned: string | null;
}

/** A place that nothing but its names is known of. */
export function emptyPlace(scope: Scope, declarations: Declarations, writer: Writer): Place {
  const nothing = {
    training: null,
    base: null,
    encoders: new Map(),
    head: null,
    replaced: new Map(),
    attentions: new Map(),
    idioms: new Map(),
  };
  return { scope, declarations, writer, ...nothing, isMaking: false, isOfModel: false };
}
