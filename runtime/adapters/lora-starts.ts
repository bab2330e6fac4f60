/** What PEFT's LoRA starts from without a change of the weights beside it. */
const keepingWeights: ReadonlySet<string> = new Set(["gaussian", "orthogonal", "eva", "mica"]);

/** The beginnings of the names of those that first take what they start from out of these weights. */
const takenOut = ["pissa", "olora", "corda", "lora_ga"] as const;

/**
 * Why tensors of LoRA that started so would mean something else beside the model's own weights, in words; null where they do not.
 * PEFT's names are of any case.
 */
export function changedWeights(start: unknown): string | null {
  if (start === undefined || start === null || typeof start === "boolean") return null;
  const name = typeof start === "string" ? start.toLowerCase() : null;
  if (name !== null && keepingWeights.has(name)) return null;
  const given = `its \`init_lora_weights\` is ${JSON.stringify(start).slice(0, 60)}`;
  if (name !== null && takenOut.some((each) => name.startsWith(each)))
    return `${given}: it fits weights that PEFT took its first values out of, not the model's own; save it with \`path_initial_model_for_weight_conversion\`, as LoRA for these`;
  if (name === "loftq") return `${given}: it fits weights that PEFT quantised, not the model's own`;
  return `${given}, which is not supported`;
}

/** First values of other types of adapters that say nothing of how these are used, beside `true` and `false`. */
const drawnStarts: ReadonlySet<unknown> = new Set([
  ...["lycoris", "gaussian", "orthogonal", "kaiming_uniform", "xavier_uniform", "zero"],
]);

/** Whether `init_weights` says what an adapter computes: MiSS has forms that are called so. */
export function isFormOfAdapter(start: unknown): boolean {
  return typeof start === "string" && !drawnStarts.has(start);
}
