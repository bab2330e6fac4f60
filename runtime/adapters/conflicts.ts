import { basename } from "node:path";
import { type Diagnostic, report } from "../../grammar/index.ts";
import type { PeftConfig } from "./config.ts";
import type { OpenModel } from "./open.ts";
import { lengthsEnding } from "./peft-format.ts";
import { moduleInPeft, peftPrefix } from "./peft-names.ts";
import { isTargetParameter } from "./target-parameters.ts";

/** Conflicts that are named: all modules have one where one field of the config is another adapter's. */
const mostNamed = 3;

/** One tensor of each module, by which it has an adapter: LoRA's first matrix, whose first axis is the rank, or IA3's factors. */
const ofModule = /\.(?:lora_A\.weight|lora_(?:embedding|parameter)_A|ia3_l)$/;

/**
 * Where a config and the tensors beside it say different things of a module: another rank, an adapter on a module that is none of the
 * config's, row lengths without `use_dora`. PEFT refuses the first, and leaves such tensors out without an error.
 */
export function conflictsWith(
  configFile: string,
  config: PeftConfig,
  file: string,
  { tensors, inFile }: Pick<OpenModel, "tensors" | "inFile">,
): readonly Diagnostic[] {
  const conflicts: { readonly says: string; readonly has: string }[] = [];
  for (const [name, { shape }] of tensors) {
    const whole = inFile.get(name) ?? name;
    const module = moduleInPeft(whole);
    if (config.kind === "lora" && name.endsWith(lengthsEnding) && !config.hasLengths)
      conflicts.push({ says: "has `use_dora` false", has: `has row lengths of \`${module}\`` });
    if (!ofModule.test(name) || (config.kind !== "lora" && config.kind !== "ia3")) continue;
    // Another prefix than PEFT's may belong to the names of modules or not.
    const why = whole.includes(peftPrefix) ? config.targets(module, true) : null;
    if (why !== null) conflicts.push({ says: why, has: `has an adapter on \`${module}\`` });
    const [rank] = shape;
    if (config.kind !== "lora" || rank === config.rankOf(module)) continue;
    // A stack of matrices has the ranks of all of them; how many these are is known of the model.
    if (isTargetParameter(module, config.parametersOf) && (rank ?? 0) % config.rankOf(module) === 0) continue;
    conflicts.push({
      says: `gives \`${module}\` rank ${config.rankOf(module)}`,
      has: `has matrices of rank ${rank ?? 0} for it`,
    });
  }
  const named = conflicts
    .slice(0, mostNamed)
    .map((each) => report("adapter-conflict", configFile, { config: configFile, file: basename(file), ...each }));
  const last = named.at(-1);
  const more = conflicts.length - named.length;
  if (last !== undefined && more > 0)
    named.splice(-1, 1, { ...last, notes: [...last.notes, `${more} more conflicts`] });
  return named;
}
