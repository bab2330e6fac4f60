/** Modules that have the same adapter, and that adapter as a spec writes it. */
export interface PlacedGroup {
  /** `lora(rank = 4, alpha = 8)` */
  readonly call: string;
  /** The file of the library that it is from; null where the spec knows it already. */
  readonly library: string | null;
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
  /**
   * Parameters that are stacks of matrices, of which nothing says whether these are [outputs, inputs] or [inputs, outputs], by the argument of
   * their adapters for the second; null of adapters that have none.
   */
  readonly unknownOrder: ReadonlyMap<string | null, readonly string[]>;
}
