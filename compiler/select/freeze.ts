import { type FreezeRule, report } from "../../grammar/index.ts";
import type { ParameterInstance } from "../elaborate/index.ts";
import { type Element, parametersUnder } from "./elements.ts";
import { expandSelectors } from "./patterns.ts";
import type { Selection, SelectorResolver } from "./select.ts";

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
    const ruled = new Set(resolver.select(expandSelectors(rule.selectors)).flatMap(parametersOf));
    const kept = new Set<ParameterInstance>();
    for (const selection of resolver.select(expandSelectors(rule.except))) {
      const { pattern } = selection;
      const taken = parametersOf(selection).filter((parameter) => ruled.has(parameter));
      // Where the rule selects nothing, that is what is wrong.
      if (ruled.size > 0 && taken.length === 0)
        resolver.diagnostics.push(report("nothing-excepted", pattern.span, { selector: pattern.text }));
      for (const parameter of taken) kept.add(parameter);
    }
    const decision = { trainable: rule.action === "train", rule: printRule(rule) };
    for (const parameter of ruled)
      if (!kept.has(parameter) && decisions.has(parameter)) decisions.set(parameter, decision);
  }
  return decisions;
}

function parametersOf({ elements }: Selection): readonly ParameterInstance[] {
  return elements.flatMap((element) => parametersUnder(element, element.ofAdapter));
}

/** A rule as it was written, on one line. */
function printRule({ span }: FreezeRule): string {
  return span.source.text.slice(span.start, span.end).replace(/\s+/g, " ");
}
