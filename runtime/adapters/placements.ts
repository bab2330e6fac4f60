import { countAt } from "../at.ts";
import { type AdapterKind, argumentFor } from "./adapter-kinds.ts";
import type { PeftConfig } from "./config.ts";
import { counted } from "./declared-config.ts";
import { type Wrong, wrong } from "./json-object.ts";
import type { PlacedGroup, PlacedGroups } from "./placed-groups.ts";
import { callOf } from "./placement-calls.ts";
import type { StoredAdapter } from "./read.ts";
import {
  declaredPlacements,
  knownPlacements,
  type OrderOf,
  orderByFile,
  orderField,
  type StoredPlacement,
} from "./stored-placements.ts";

/**
 * What PEFT's adapters are in a spec, or in words why a spec has nothing like them: the first of `kinds` whose `peft` clause is of the
 * config's type and says all that the config does, with the arguments that follow from it.
 */
export function groupsOf(
  adapter: StoredAdapter,
  config: PeftConfig,
  kinds: readonly AdapterKind[],
  orderOf: OrderOf = orderByFile,
): PlacedGroups | Wrong {
  const found =
    config.kind === "declared" ? declaredIn(adapter, config, kinds) : knownPlacements(adapter, config, orderOf);
  if (found.kind === "wrong") return found;
  const { placements, saved, unknownOrder } = found;
  const groups = new Map<string, PlacedGroup & { readonly modules: string[] }>();
  const unknown = new Map<string | null, readonly string[]>();
  for (const placement of placements) {
    const possible = kinds.filter((kind) => isFor(kind, placement));
    const calls = possible.map((kind) => callOf(kind, placement));
    const fit = calls.find((each) => each.kind === "call");
    const misfit = calls.find((each) => each.kind === "wrong");
    if (fit === undefined) return misfit ?? wrong(`the library has no adapter of the type ${placement.type}`);
    const { call, of } = fit;
    if (unknownOrder.includes(placement.name)) {
      const argument = argumentFor(of, orderField);
      unknown.set(argument, [...(unknown.get(argument) ?? []), placement.name]);
    }
    const isOfModel = placement.name === "";
    // Which of those that stand for another it is, follows from the module.
    const wraps = isOfModel ? possible.flatMap((kind) => kind.wraps) : [];
    const group = groups.get(call) ?? { call, library: of.library, modules: [], wraps };
    if (!isOfModel) group.modules.push(placement.name);
    groups.set(call, group);
  }
  return groups.size === 0
    ? wrong("there are no adapters in it")
    : { kind: "groups", groups: [...groups.values()], saved, unknownOrder: unknown };
}

function declaredIn(
  adapter: StoredAdapter,
  config: PeftConfig & { readonly kind: "declared" },
  kinds: readonly AdapterKind[],
): ReturnType<typeof knownPlacements> {
  const ofType = kinds.filter(({ type, isOfParameter }) => type === config.type && !isOfParameter);
  if (ofType.length === 0) return wrong(`the library has no adapter of the type ${config.type}`);
  const found = declaredPlacements(adapter, config, ofType);
  const count = found.placements.length;
  for (const { fields } of ofType) {
    const field = fields.get(counted);
    if (field?.kind !== "string" || config.fields.get(field.value) === count) continue;
    const stored = JSON.stringify(config.fields.get(field.value) ?? null);
    return wrong(`its \`${field.value}\` is ${stored}, but the file has ${count}`);
  }
  return found;
}

/** Whether a kind is of the type of an adapter, and has all of its tensors. */
function isFor(kind: AdapterKind, { type, isOfParameter, tensors }: StoredPlacement): boolean {
  return (
    kind.type === type && kind.isOfParameter === isOfParameter && tensors.every((tensor) => kind.tensors.has(tensor))
  );
}

/** Names that differ in their numbers only, each with how many there are: `encoder.layer.*.query`. */
export function withoutNumbers(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) {
    const written = name.replaceAll(/(?<=^|\.)\d+(?=\.|$)/g, "*");
    counts.set(written, countAt(counts, written) + 1);
  }
  return counts;
}
