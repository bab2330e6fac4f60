import { type Diagnostic, report } from "../../grammar/index.ts";
import { at } from "../at.ts";
import {
  type Adaptable,
  type ModuleInstance,
  type OptionalInstance,
  type ParameterInstance,
  printInitial,
} from "../elaborate/index.ts";
import { elementCount } from "../ir/index.ts";
import {
  type Decision,
  type Element,
  type JudgedExpectation,
  type ParameterRule,
  type PlacedAdapters,
  printRole,
} from "../select/index.ts";
import { printNumberOf } from "../units.ts";
import type { Cost } from "./cost.ts";
import { countUnder } from "./measures.ts";
import type {
  Plan,
  PlannedAdapter,
  PlannedComponent,
  PlannedFlow,
  PlannedParameter,
  PlannedTensor,
  PlanTotals,
} from "./types.ts";

const bytesPerNumber = 4;

export interface PlanParts {
  readonly model: string;
  readonly batch: number;
  readonly elements: readonly Element[];
  readonly decisions: ReadonlyMap<ParameterInstance, Decision>;
  readonly placed: readonly PlacedAdapters[];
  readonly judged: readonly JudgedExpectation[];
  readonly totals: PlanTotals;
  readonly flow: PlannedFlow;
  readonly cost: Cost;
  /** What groups say of trainable parameters. */
  readonly rules: ReadonlyMap<ParameterInstance, ParameterRule>;
  /** How many numbers a training keeps for a parameter of some shape. */
  readonly numbersKept: (shape: readonly number[]) => number;
}

/** Puts together what was decided, in the order of the model. */
export function makePlan(parts: PlanParts): Plan {
  const { elements, decisions, placed, judged, totals, cost } = parts;
  const parameters: PlannedParameter[] = [];
  const buffers: PlannedTensor[] = [];
  let adapterNumbers = 0;
  let bufferNumbers = 0;
  let optimizerNumbers = 0;
  const roles = new Map<string, string>();
  for (const { instance, parameter, path, ofAdapter } of elements) {
    if (instance?.role) roles.set(path, printRole(instance.role));
    if (parameter === null) continue;
    const decision = decisions.get(parameter);
    if (decision === undefined) {
      buffers.push({ ...describeTensor(parameter), ofAdapter });
      if (ofAdapter) adapterNumbers += elementCount(parameter.type);
      else bufferNumbers += elementCount(parameter.type);
      continue;
    }
    if (decision.trainable) optimizerNumbers += parts.numbersKept(parameter.type.shape);
    if (ofAdapter) adapterNumbers += elementCount(parameter.type);
    const owner = path.slice(0, path.lastIndexOf("."));
    const role = parameter.role === null ? (roles.get(owner) ?? null) : printRole(parameter.role);
    const rule = parts.rules.get(parameter);
    const group = rule === undefined ? {} : { group: describeRule(rule) };
    parameters.push({ ...describeTensor(parameter), ...decision, role, ofAdapter, ...group });
  }
  return {
    model: parts.model,
    batch: parts.batch,
    totals,
    components: componentsOf(elements, decisions),
    flow: parts.flow,
    placements: placed.map(({ text, selections, adapters }) => ({
      text,
      selections: selections.map(({ pattern, elements: selected }) => ({
        selector: pattern.text,
        count: selected.length,
      })),
      adapters: adapters.map(({ base, adapter }) => ({
        path: adapter.instance.path,
        parameters: countUnder(adapter.instance),
        ...peftOf(adapter.instance, base),
      })),
      parameters: adapters.reduce((sum, { adapter }) => sum + countUnder(adapter.instance), 0),
    })),
    expectations: judged,
    cost: {
      ...cost,
      optimizerBytes: optimizerNumbers * bytesPerNumber,
      modelBytes: (totals.base + bufferNumbers) * bytesPerNumber,
      adapterBytes: adapterNumbers * bytesPerNumber,
    },
    parameters,
    buffers,
  };
}

/** Most adapters say nothing of it: what they compute is held against PEFT's forms. */
function peftOf({ forms: [form] }: ModuleInstance, base: Adaptable): Pick<PlannedAdapter, "peft"> {
  if (form === undefined) return {};
  return { peft: { type: form.type, module: base.checkpoint, fields: Object.fromEntries(form.fields) } };
}

function describeTensor({ path, checkpoint, type, initial }: ParameterInstance): Omit<PlannedTensor, "ofAdapter"> {
  return { path, checkpoint, shape: type.shape, dtype: type.dtype, initial: printInitial(initial) };
}

/** Totals of each component; heads and the model's own parts stand by their names. */
function componentsOf(
  elements: readonly Element[],
  decisions: ReadonlyMap<ParameterInstance, Decision>,
): readonly PlannedComponent[] {
  const components = new Map<string, { parameters: number; trainable: number }>();
  for (const { parameter, steps } of elements) {
    const decision = parameter === null ? undefined : decisions.get(parameter);
    if (parameter === null || decision === undefined) continue;
    const first = at(steps, 0).name;
    const name = first === "heads" ? `heads.${at(steps, 1).name}` : first;
    const component = components.get(name) ?? { parameters: 0, trainable: 0 };
    const count = elementCount(parameter.type);
    component.parameters += count;
    if (decision.trainable) component.trainable += count;
    components.set(name, component);
  }
  return [...components].map(([name, counts]) => ({ name, ...counts }));
}

/** What a group says of a parameter, as messages and plans show it. */
function describeRule({ learningRate, weightDecay, frozenSteps, frozenEpochs }: ParameterRule): string {
  const frozen = [
    ...(frozenSteps === 0 ? [] : [printNumberOf(frozenSteps, "step")]),
    ...(frozenEpochs === 0 ? [] : [printNumberOf(frozenEpochs, "epoch")]),
  ];
  return [
    ...(learningRate === null ? [] : [`lr ${Number(learningRate.toPrecision(6))}`]),
    ...(weightDecay === null ? [] : [`weight_decay ${weightDecay}`]),
    ...(frozen.length === 0 ? [] : [`frozen for ${frozen.join(" and ")}`]),
  ].join(", ");
}

/** Reports parameters, and what checkpoints may have besides, that checkpoints could not tell apart. */
export function duplicateNames(
  elements: readonly Element[],
  ofModel: readonly OptionalInstance[],
): readonly Diagnostic[] {
  const seen = new Map<string, Pick<OptionalInstance, "path" | "span">>();
  const named = elements.flatMap(({ parameter, instance }) => [
    ...(parameter === null ? [] : [parameter]),
    ...(instance?.optional ?? []),
  ]);
  return [...named, ...ofModel].flatMap((each) => {
    const first = seen.get(each.checkpoint);
    seen.set(each.checkpoint, each);
    if (first === undefined) return [];
    const labels = [{ span: first.span, message: `this is \`${first.path}\`` }];
    const notes = [`here it is \`${each.path}\``];
    return [report("duplicate-checkpoint", each.span, { name: each.checkpoint }, { labels, notes })];
  });
}
