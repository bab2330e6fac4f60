/** Modules that have the same adapter, and that adapter as a spec writes it. */
export interface PlacedGroup {
  /** `lora(rank = 4, alpha = 8)` */
  readonly call: string;
  /** The file of the library that it is from. */
  readonly library: string;
  /** Names in checkpoints, in the order of the file; none where PEFT has the adapter for the whole model. */
  readonly modules: readonly string[];
  /** Of an adapter of the whole model the declarations of which one module has it; empty for others. */
  readonly wraps: readonly string[];
}

export interface PlacedGroups {
  readonly kind: "groups";
  readonly groups: readonly PlacedGroup[];
  /** Tensors of the model itself that were trained beside the adapters, by their names in checkpoints. */
  readonly saved: readonly string[];
  /** Parameters that are stacks of matrices, of which nothing says whether these are [outputs, inputs] or [inputs, outputs]. */
  readonly unknownOrder: readonly string[];
}
