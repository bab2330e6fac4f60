import type { FreezeRule } from "../../grammar/index.ts";
import type { ParameterInstance } from "../elaborate/index.ts";
import { type Element, parametersUnder } from "./elements.ts";
import { expandSelectors } from "./patterns.ts";
import type { SelectorResolver } from "./select.ts";

/** Whether a parameter is trained, and what decided it. */
export interface Decision {
  readonly trainable: boolean;
  readonly rule: string;
}

/**
 * Decides every parameter: those of adapters and those that no rule matches are trainable, and of the rules that match
 * a parameter the last wins. A rule reaches the parameters of an adapter only when it names the adapter or them.
 */
export function decideTrainable(
  elements: readonly Element[],
  rules: readonly FreezeRule[],
  resolver: SelectorResolver,
): ReadonlyMap<ParameterInstance, Decision> {
  const decisions = new Map<ParameterInstance, Decision>();
  for (const { parameter, ofAdapter } of elements) {
    if (parameter === null || parameter.storage === "buffer") continue;
    decisions.set(parameter, { trainable: true, rule: ofAdapter ? "adapter" : "no rule" });
  }
  for (const rule of rules) {
    const kept = new Set(parametersOf(rule.except, resolver));
    const decision = { trainable: rule.action === "train", rule: printRule(rule) };
    for (const parameter of parametersOf(rule.selectors, resolver)) {
      if (kept.has(parameter) || !decisions.has(parameter)) continue;
      decisions.set(parameter, decision);
    }
  }
  return decisions;
}

function parametersOf(selectors: FreezeRule["selectors"], resolver: SelectorResolver): readonly ParameterInstance[] {
  return resolver
    .select(expandSelectors(selectors))
    .flatMap(({ elements }) => elements.flatMap((element) => parametersUnder(element, element.ofAdapter)));
}

/** A rule as it was written, on one line. */
function printRule({ span }: FreezeRule): string {
  return span.source.text.slice(span.start, span.end).replace(/\s+/g, " ");
}
