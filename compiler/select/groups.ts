import { type Diagnostic, didYouMean, type ParameterGroup, report, type Setting } from "../../grammar/index.ts";
import {
  Environment,
  Evaluator,
  type ModelElaborator,
  number,
  type ParameterInstance,
  Trace,
} from "../elaborate/index.ts";
import type { Graph } from "../ir/index.ts";
import { parametersUnder } from "./elements.ts";
import { layersAbove } from "./layers-above.ts";
import { expandSelectors } from "./patterns.ts";
import type { Selection, SelectorResolver } from "./select.ts";

/** How the optimizer moves a parameter that groups name. */
export interface ParameterRule {
  /** Null for what the optimizer has for all. */
  readonly learningRate: number | null;
  readonly weightDecay: number | null;
  /** How long the parameter stays as it is, both together. */
  readonly frozenSteps: number;
  readonly frozenEpochs: number;
}

const noRule: ParameterRule = { learningRate: null, weightDecay: null, frozenSteps: 0, frozenEpochs: 0 };

/** What a group says, and which part of a rule that is. */
const groupSettings: Readonly<Record<string, { readonly of: keyof ParameterRule; readonly isWhole: boolean }>> = {
  lr: { of: "learningRate", isWhole: false },
  weight_decay: { of: "weightDecay", isWhole: false },
  frozen_steps: { of: "frozenSteps", isWhole: true },
  frozen_epochs: { of: "frozenEpochs", isWhole: true },
};

export const groupSettingNames: readonly string[] = Object.keys(groupSettings);

/** What the values of groups may name. */
export interface GroupBase {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Of the training; null where they follow from its data. */
  readonly steps: number | null;
}

/**
 * The rules of the trainable parameters that groups name. Of groups that say the same setting of a parameter, the last holds. A
 * group reaches everything below what its selectors name, adapters too. In its values `lr` and `weight_decay` are those of the
 * optimizer, and `above` is how many layers stand above the parameter.
 */
export function groupParameters(
  groups: readonly ParameterGroup[],
  trainable: (parameter: ParameterInstance) => boolean,
  base: GroupBase,
  graph: Graph,
  resolver: SelectorResolver,
  elaborator: ModelElaborator,
): ReadonlyMap<ParameterInstance, ParameterRule> {
  const rules = new Map<ParameterInstance, ParameterRule>();
  if (groups.length === 0) return rules;
  const above = layersAbove(graph);
  for (const group of groups) {
    const named = new Set(reached(resolver.select(expandSelectors(group.selectors))));
    const kept = new Set<ParameterInstance>();
    for (const selection of resolver.select(expandSelectors(group.except))) {
      const { pattern } = selection;
      const taken = reached([selection]).filter((each) => named.has(each));
      // Where the group names nothing, that is what is wrong.
      if (named.size > 0 && taken.length === 0)
        resolver.diagnostics.push(report("nothing-excepted", pattern.span, { selector: pattern.text }));
      for (const each of taken) kept.add(each);
    }
    const parameters = [...named].filter((each) => trainable(each) && !kept.has(each));
    if (parameters.length === 0 && resolver.diagnostics.length === 0) {
      elaborator.diagnostics.push(report("idle-group", group.span, {}));
    }
    for (const setting of group.settings) {
      const read = readSetting(setting, base, elaborator);
      if (read === null) continue;
      let frozen: number | null = null;
      for (const parameter of parameters) {
        const value = read.valueAt(above.get(parameter.path) ?? 0);
        if (value === null) break;
        rules.set(parameter, { ...(rules.get(parameter) ?? noRule), [read.part]: value });
        if (read.part === "frozenSteps" && base.steps !== null && value >= base.steps) frozen = value;
      }
      if (frozen !== null && base.steps !== null)
        elaborator.diagnostics.push(
          report("long-freeze", setting.value.span, { frozen, epochs: 0, steps: base.steps }),
        );
    }
  }
  return rules;
}

function reached(selections: readonly Selection[]): readonly ParameterInstance[] {
  return selections.flatMap(({ elements }) => elements.flatMap((element) => parametersUnder(element, true)));
}

interface SettingValue {
  readonly part: keyof ParameterRule;
  /** The value with so many layers above; null after reporting what is wrong with it. */
  readonly valueAt: (above: number) => number | null;
}

/** Reads one setting of a group, which is computed once for each number of layers. */
function readSetting(setting: Setting, base: GroupBase, elaborator: ModelElaborator): SettingValue | null {
  const { name, value: expression } = setting;
  const known = groupSettings[name.text];
  if (known === undefined) {
    const names = Object.keys(groupSettings);
    const help = didYouMean(name.text, names) ?? `its settings are ${names.join(", ")}`;
    elaborator.diagnostics.push(report("unknown-setting", name.span, { name: name.text, block: "group" }, { help }));
    return null;
  }
  const { environment } = elaborator.files.of(name.span.source);
  const computed = new Map<number, number | null>();
  const compute = (above: number): number | null => {
    const variables = new Environment(environment);
    variables.define("lr", number(base.learningRate));
    variables.define("weight_decay", number(base.weightDecay));
    variables.define("above", number(above));
    let found: number | null = null;
    elaborator.attempt(() => {
      const evaluator = new Evaluator(new Trace(elaborator.declaration.name.text), elaborator.calls);
      const value = evaluator.evaluate(expression, variables);
      if (value.kind === "number" && isRight(value.value, known)) found = value.value;
      else elaborator.diagnostics.push(refused(setting, known));
    });
    return found;
  };
  const valueAt = (above: number): number | null => {
    if (!computed.has(above)) computed.set(above, compute(above));
    return computed.get(above) ?? null;
  };
  return { part: known.of, valueAt };
}

type Known = (typeof groupSettings)[string];

function isRight(value: number, { of, isWhole }: Known): boolean {
  if (isWhole) return Number.isSafeInteger(value) && value >= 0;
  return Number.isFinite(value) && (of === "learningRate" ? value > 0 : value >= 0);
}

function refused({ name, value }: Setting, { of, isWhole }: Known): Diagnostic {
  const not = "a number that is not negative";
  const expected = isWhole ? "a whole number that is not negative" : of === "learningRate" ? "a number above 0" : not;
  const help = of === "learningRate" ? "`freeze` keeps what is not to be trained" : null;
  return report("bad-setting", value.span, { name: name.text, expected }, { help });
}
