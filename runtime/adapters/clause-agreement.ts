import type { AdapterUpdate, Declared } from "../../compiler/index.ts";
import { scaleOf } from "./config.ts";
import { isSame } from "./declared-config.ts";

type Fields = Declared["form"]["fields"];

/** How what an adapter computes differs from the fields of its `peft` clause, in words; null where it does not, or they do not say it. */
export function contradictionIn(update: AdapterUpdate, fields: Fields): string | null {
  for (const [field, computed] of computedOf(update, fields)) {
    const said = fields[field];
    if (said === undefined || isSame(computed, said)) continue;
    const inWords = (value: unknown): string => `\`${field}\` ${JSON.stringify(value)}`;
    return `its \`peft\` clause says ${inWords(said)}, but it computes ${inWords(computed)}`;
  }
  return null;
}

/** The fields that PEFT's config would have for what an adapter computes. */
function computedOf(update: AdapterUpdate, fields: Fields): readonly (readonly [field: string, computed: unknown])[] {
  switch (update.kind) {
    case "low-rank":
      return [
        ...lowRank(update.rank, update.scale, fields),
        ["use_dora", update.hasLengths],
        ["lora_dropout", update.dropout],
      ];
    case "low-rank-change":
      // PEFT has what it starts from besides, with the other sign.
      return [...lowRank(2 * update.rank, update.scale, fields), ["lora_dropout", update.dropout]];
    case "low-rank-parameter":
      return lowRank(update.rank, update.scale, fields);
    case "factors":
      return update.on === "either" ? [] : [["feedforward_modules", update.on === "inputs"]];
    case "rows":
      return [["token_indices", update.tokens]];
    case "declared":
    case "other":
      return [];
  }
}

/** The rank, and the alpha that gives the scale with it: by its square root or not, as the clause says. */
function lowRank(
  rank: number,
  scale: number,
  fields: Fields,
): readonly (readonly [field: string, computed: unknown])[] {
  const rankStabilised = fields["use_rslora"] === true;
  return [
    ["r", rank],
    ["lora_alpha", scale / scaleOf(1, rank, { rankStabilised })],
  ];
}
