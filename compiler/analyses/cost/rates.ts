/** What something that runs programs does in a second on a machine, as it was measured there. */
export interface Rates {
  /** Floating-point operations of matrix products by the type of what is multiplied; null where there are none of a type. */
  readonly productFlops: { readonly f32: number; readonly bf16: number | null };
  /** Bytes that operations read and write which do little with each. */
  readonly bytes: number;
  /** Seconds that any operation takes besides, however small it is. */
  readonly operationSeconds: number;
  /** Seconds that a run of a program takes besides. */
  readonly runSeconds: number;
}
