import { createSource, hasErrors, type NumberLiteral, parse } from "../../../grammar/index.ts";
import { roundingOf, type Totals } from "../../select/index.ts";
import { printCount } from "../../units.ts";
import type { PlaceOptions, PlaceProblem } from "./types.ts";

/** Whole numbers from one to another, both included. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** Reads a budget as the right side of an expectation; null when it is no number. */
export function readBudget(text: string): NumberLiteral | null {
  const { file, diagnostics } = parse(createSource("--budget", `model m { expect trainable = ${text} }`));
  const [model] = file.items;
  const [member, more] = model?.kind === "model" ? model.members : [];
  if (hasErrors(diagnostics) || more !== undefined || member?.kind !== "expect") return null;
  return member.right.kind === "number" && member.right.text === text.trim() ? member.right : null;
}

/**
 * How many trainable parameters of adapters meet a budget, in a model with these totals before any adapter. A share is of
 * all parameters, adapters included: (trainable + x) / (total + x).
 */
export function adapterRange(
  literal: NumberLiteral,
  { atMost }: Pick<PlaceOptions, "atMost">,
  { trainable, total }: Totals,
): Range | PlaceProblem {
  const rounding = atMost ? 0 : roundingOf(literal);
  const bounds = { least: atMost ? 0 : literal.value - rounding, most: literal.value + rounding };
  const isShare = literal.text.endsWith("%");
  if (isShare && bounds.most >= 1) return { rule: "a share of what is trained is below 100%", help: null };
  const adapters = (bound: number): number => (isShare ? (bound * total - trainable) / (1 - bound) : bound - trainable);
  const range = { least: Math.max(1, Math.ceil(adapters(bounds.least))), most: Math.floor(adapters(bounds.most)) };
  if (range.most >= 1) return range;
  const without = printCount(trainable);
  return {
    rule: `the spec trains ${without} parameters without any adapter, which leaves nothing of the budget`,
    help: "freeze more of the model, or take a larger budget",
  };
}
