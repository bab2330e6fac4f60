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

/** What two processes on a machine exchange in a second. */
export interface ExchangeRates {
  /** Seconds of an exchange of a few bytes. */
  readonly latencySeconds: number;
  /** Bytes of gradients that are summed. */
  readonly sumBytes: number;
  /** Bytes of rows that each process has afterwards, of which half were the other's. */
  readonly gatherBytes: number;
}

/** The rates of one of several processes that share a processor and its memory. */
export function ratesOfShare(rates: Rates, processes: number): Rates {
  const { f32, bf16 } = rates.productFlops;
  return {
    ...rates,
    productFlops: { f32: f32 / processes, bf16: bf16 === null ? null : bf16 / processes },
    bytes: rates.bytes / processes,
  };
}
