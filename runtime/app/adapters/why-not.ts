/** In words why a tensor is no part of an update of scale x B A, and whether it can stay as it is beside such updates. */
export function whyNot(name: string): { readonly why: string; readonly isKept: boolean } {
  if (/\.lora_magnitude_(?:vector|change)$/.test(name))
    return { why: "has lengths of rows, of DoRA, which depend on the update that they are beside", isKept: false };
  if (name.endsWith(".trainable_tokens_delta"))
    return { why: "has rows of a table, which are not an update of scale x B A", isKept: true };
  if (/\.(?:hada|lokr|vera|oft|boft|beft|hra|ln_tuning|pissa|olora)_/.test(name))
    return { why: "is of an adapter whose update is not scale x B A", isKept: false };
  return { why: "was trained besides the adapters", isKept: true };
}
