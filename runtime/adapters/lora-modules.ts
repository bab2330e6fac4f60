import type { LoraMatrices } from "./arithmetic/index.ts";
import type { StoredAdapter, StoredPart } from "./read.ts";

/** A module with LoRA: what is added to its weight, as its two matrices are stored. */
export interface LoraOf {
  /** The module's name in checkpoints. */
  readonly module: string;
  /** The nn.MultiheadAttention that it belongs to. */
  readonly attention: string | null;
  readonly isEmbedding: boolean;
  /** Places of a convolution: `down` is [rank, inputs / places, ...kernel]. */
  readonly kernel: readonly number[];
  readonly matrices: LoraMatrices;
  readonly scale: number;
  readonly dropout: number;
}

/** A tensor that is no matrix of an update. */
export type OtherTensor = StoredPart & { readonly kind: "tensor" };

/** What arithmetic on updates sees of an adapter. */
export interface LoraParts {
  /** By the names of modules; in the order of the file. */
  readonly modules: ReadonlyMap<string, LoraOf>;
  /** Modules of which the scale is not known. */
  readonly unscaled: readonly string[];
  readonly others: ReadonlyMap<string, OtherTensor>;
}

/** The updates in a file of adapters. */
export function loraPartsOf({ parts, config }: Pick<StoredAdapter, "parts" | "config">): LoraParts {
  const modules = new Map<string, LoraOf>();
  const unscaled: string[] = [];
  const others = new Map<string, OtherTensor>();
  const dropout = config.kind === "config" && config.config.kind === "lora" ? config.config.dropout : 0;
  for (const [module, part] of parts) {
    if (part.kind === "tensor") {
      others.set(module, part);
      continue;
    }
    const { attention, isEmbedding, kernel, rank, groups, up, update } = part;
    const { outputs, inputs, scale } = update;
    const matrices = { outputs, inputs, rank, groups, down: Float64Array.from(update.down), up };
    modules.set(module, { module, attention, isEmbedding, kernel, matrices, scale, dropout });
    if (!part.isScaled) unscaled.push(module);
  }
  return { modules, unscaled, others };
}
