import * as v from "valibot";
import type { DataSettings } from "../../../../compiler/index.ts";

/** What preprocessed values mean: all settings that change them. */
export const contractSchema = v.object({
  spacing: v.array(v.number()),
  size: v.array(v.number()),
  window: v.array(v.number()),
});

export type PackContract = v.InferOutput<typeof contractSchema>;

/** The contract of values that are made with these settings. */
export function packContractOf({ spacing, size, window }: DataSettings): PackContract {
  return { spacing: [...spacing], size: [...size], window: [...window] };
}

/** In what two contracts differ, field by field, in words that name both sides. */
export function contractDifferences(packed: PackContract, wanted: PackContract): readonly string[] {
  return (["spacing", "size", "window"] as const).flatMap((field) => {
    const [theirs, ours] = [packed[field].join(", "), wanted[field].join(", ")];
    return theirs === ours ? [] : [`\`${field}\` is [${theirs}] in the shards and [${ours}] in the \`data\` block`];
  });
}
