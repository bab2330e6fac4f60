import { at, countAt } from "../at.ts";
import type { ModuleInstance, ParameterInstance } from "../elaborate/index.ts";
import { elementCount } from "../ir/index.ts";
import {
  counted,
  type Decision,
  type Element,
  type Measures,
  type PlacedAdapters,
  parametersUnder,
  type Selection,
} from "../select/index.ts";
import { printCount, printNumberOf } from "../units.ts";

/** What expectations can ask of a model. */
export function measuresOf(
  elements: readonly Element[],
  decisions: ReadonlyMap<ParameterInstance, Decision>,
  placed: readonly PlacedAdapters[],
  constants: Measures["constants"],
): Measures {
  const totals = { trainable: 0, total: 0, base: 0, frozen: 0 };
  const byComponent = new Map<string, number>();
  for (const { parameter, ofAdapter, steps } of elements) {
    const decision = parameter === null ? undefined : decisions.get(parameter);
    if (parameter === null || decision === undefined) continue;
    const count = elementCount(parameter.type);
    totals.total += count;
    if (!ofAdapter) totals.base += count;
    if (decision.trainable) totals.trainable += count;
    else totals.frozen += count;
    const component = at(steps, 0).name;
    if (decision.trainable) byComponent.set(component, countAt(byComponent, component) + count);
  }
  const breakdown = [
    `trainable ${printCount(totals.trainable)}, total ${printCount(totals.total)}`,
    ...[...byComponent].map(([name, count]) => `${printCount(count)} trainable in ${name}`),
    ...placed.map(({ text, adapters }) => {
      const count = adapters.reduce((sum, { adapter }) => sum + countUnder(adapter.instance), 0);
      return `${printCount(count)} in ${printNumberOf(adapters.length, "adapter")} of \`${text}\``;
    }),
  ];
  return {
    totals,
    constants,
    breakdown,
    count: (selections) => new Set(selections.flatMap(counted)).size,
    trainable: (selections) => {
      const parameters = new Set(distinct(selections).flatMap((element) => parametersUnder(element, true)));
      return countOf([...parameters].filter((parameter) => decisions.get(parameter)?.trainable === true));
    },
  };
}

function distinct(selections: readonly Selection[]): readonly Element[] {
  return [...new Set(selections.flatMap(({ elements }) => elements))];
}

/** The parameters of a module and of everything in it. */
export function countUnder(instance: ModuleInstance): number {
  return instance.children.reduce((sum, child) => sum + countUnder(child), countOf(instance.parameters));
}

function countOf(parameters: readonly ParameterInstance[]): number {
  return parameters.reduce((sum, { type, storage }) => sum + (storage === "param" ? elementCount(type) : 0), 0);
}
