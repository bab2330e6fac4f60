import { type File, type ModelMember, printExpectation, printPlacement, type Span } from "../../grammar/index.ts";
import { printType } from "../ir/index.ts";
import { adaptedBy, type Plan } from "../plan/index.ts";
import { printCount, printFlops, printFound, printNumberOf } from "../units.ts";
import type { OpenSpec } from "./open-spec.ts";

/** What is said of members by the compiler, by what they are and what they are called. */
export type Facts = ReadonlyMap<string, string>;

/** Under what the cost of a training step is. */
export const stepFact = "settings train";

/** A fact with the member that it is about. */
export interface PlacedFact {
  readonly span: Span;
  readonly text: string;
}

/** What the compiler found of the members of a spec; null where it does not compile so far that there are counts. */
export function factsOf(spec: OpenSpec): Facts | null {
  const { plan } = spec.compiled;
  if (plan === null) return null;
  return new Map([
    ...plan.components.map(
      ({ name, parameters, trainable }) => [`component ${name}`, countsOf(parameters, trainable)] as const,
    ),
    ...plan.flow.units.flatMap(({ kind, name, type }) =>
      kind === "let" && type !== null ? [[`let ${name}`, printType(type)] as const] : [],
    ),
    ...plan.placements.map((placed) => [`placement ${placed.text}`, placementOf(placed, plan)] as const),
    ...plan.expectations.map(({ text, found }) => [`expect ${text}`, `found ${printFound(text, found)}`] as const),
    [stepFact, costOf(plan)],
  ]);
}

function countsOf(parameters: number, trainable: number): string {
  const all = printNumberOf(parameters, "parameter").replace(String(parameters), printCount(parameters));
  return trainable === 0 ? all : `${all}, ${trainable === parameters ? "all" : printCount(trainable)} trained`;
}

function placementOf(placed: Plan["placements"][number], plan: Plan): string {
  const { selections, adapters, parameters } = placed;
  const counts = selections.map(({ count }) => count).join(" + ");
  const each = selections.length > 1 ? `${counts} ${adaptedBy(placed, plan)}s, ` : "";
  return `${each}${printNumberOf(adapters.length, "adapter")}, ${printCount(parameters)} parameters`;
}

function costOf({ batch, cost }: Plan): string {
  return `a step of ${batch}: ${printFlops(cost.stepFlops)}`;
}

/** Facts at the members that they are about, in a text that may have changed since they were found. */
export function placeFacts(file: File, facts: Facts): readonly PlacedFact[] {
  return file.items.flatMap((item): readonly PlacedFact[] => {
    if (item.kind === "model") return item.members.flatMap((member) => placeFact(member, facts));
    if (item.kind === "settings") return factAt(`settings ${item.block}`, firstLineOf(item.span), facts);
    return [];
  });
}

function placeFact(member: ModelMember, facts: Facts): readonly PlacedFact[] {
  switch (member.kind) {
    case "encoder":
    case "part":
    case "param":
      return factAt(`component ${member.name.text}`, member.span, facts);
    case "head-let":
      return factAt(`let ${member.name.text}`, member.span, facts);
    case "placement":
      return factAt(`placement ${printPlacement(member)}`, member.span, facts);
    case "expect":
      return factAt(`expect ${printExpectation(member)}`, member.span, facts);
    case "addition":
      return placeFact(member.member, facts);
    case "input":
    case "metric":
    case "optional-buffer":
    case "freeze-rule":
    case "parameter-group":
    case "loss-use":
    case "removal":
      return [];
  }
}

function factAt(key: string, span: Span, facts: Facts): readonly PlacedFact[] {
  const text = facts.get(key);
  return text === undefined ? [] : [{ span, text }];
}

function firstLineOf({ source, start, end }: Span): Span {
  const line = source.text.slice(start, end).search(/[\r\n]/);
  return { source, start, end: line < 0 ? end : start + line };
}
