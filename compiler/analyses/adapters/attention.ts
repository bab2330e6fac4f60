/**
 * A projection of PyTorch's nn.MultiheadAttention: `in_proj` of queries, keys and values is a bare `in_proj_weight` there, and of
 * `out_proj` only the weight is used, so that PEFT adapts neither of them by itself, but the attention as a whole.
 */
export interface AttentionPart {
  /** The attention's name in checkpoints. */
  readonly module: string;
  readonly part: "in_proj" | "out_proj";
  /** The name of the other projection's weight in checkpoints. */
  readonly otherWeight: string;
}

const endings = { in_proj: ".in_proj_weight", out_proj: ".out_proj.weight" } as const;

/** Which projection of an nn.MultiheadAttention a weight is, by the names that a model has in checkpoints; null for other weights. */
export function attentionPartOf(weight: string, names: ReadonlySet<string>): AttentionPart | null {
  for (const part of ["in_proj", "out_proj"] as const) {
    if (!weight.endsWith(endings[part])) continue;
    const module = weight.slice(0, -endings[part].length);
    const otherWeight = `${module}${endings[part === "in_proj" ? "out_proj" : "in_proj"]}`;
    return names.has(otherWeight) ? { module, part, otherWeight } : null;
  }
  return null;
}
