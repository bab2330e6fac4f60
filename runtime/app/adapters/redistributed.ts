import { type PlacedLowRank, type Plan, selectorsForNames, type TracedSpec } from "../../../compiler/index.ts";
import {
  type AdapterDeclaration,
  type Argument,
  type Placement,
  printExpression,
  printPlacement,
} from "../../../grammar/index.ts";
import { distributedRanks, kindOf, type SizeArguments, sizeArguments } from "../../adapters/index.ts";
import { at } from "../../at.ts";
import type { CompiledSpec } from "../compiled-spec.ts";
import type { InputDirections } from "./input-directions.ts";
import type { VariantPlacements } from "./write-variant.ts";

type Placed = ReturnType<TracedSpec["writtenWith"]>["placed"][number];

/** Gives modules the ranks that their directions so far deserve; nothing where they keep their own. */
export function redistributing(found: readonly InputDirections[], plan: Plan, rho: number): () => void {
  if (rho === 1) return () => undefined;
  const budget = found.reduce((sum, { input }) => sum + input.updates.reduce((own, { rank }) => own + rank, 0), 0);
  // Of modules that read the same, the first of the model is the first here.
  const order = new Map(plan.parameters.map(({ checkpoint }, place) => [checkpoint, place]));
  const placeOf = ({ folded }: PlacedLowRank): number => order.get(folded.weight.parameter.checkpoint) ?? 0;
  const places = found.map(({ input }) =>
    input.updates
      .map((_, place) => place)
      .toSorted((a, b) => placeOf(at(input.updates, a)) - placeOf(at(input.updates, b))),
  );
  return () => {
    const inputs = found.map((each, index) => ({ modules: at(places, index).length, shares: each.shares() }));
    for (const [index, ranks] of distributedRanks(inputs, budget).entries()) {
      const own = at(places, index);
      at(found, index).ranks = own.map((_, place) => at(ranks, own.indexOf(place)));
    }
  };
}

/** The first of the adapters whose rank and alpha are not both set by an argument each, so that it cannot have others; null if there is none. */
export function withoutRank(spec: TracedSpec, updates: readonly PlacedLowRank[]): string | null {
  const paths = new Set(updates.map(({ path }) => path));
  const adapters = spec.writtenWith(() => undefined).placed.flatMap((each) => each.adapters);
  const wrong = adapters.find(({ adapter }) => {
    const { environment, path } = adapter.instance;
    const { rank, alpha } = sizesOf(adapter.declaration);
    const isNumber = (name: string | null): boolean => name !== null && environment.lookup(name)?.kind === "number";
    return paths.has(path) && !(isNumber(rank) && isNumber(alpha));
  });
  return wrong === undefined ? null : wrong.adapter.declaration.name.text;
}

/** The placements of a spec with the ranks that were found; alpha keeps its ratio to the rank, as EVA of PEFT adjusts it. */
export function redistributedPlacements(
  { spec, elements }: Pick<CompiledSpec, "spec" | "elements">,
  found: readonly InputDirections[],
): VariantPlacements {
  const ranks = new Map(
    found.flatMap(({ input, ranks: own }) => input.updates.map(({ path }, place) => [path, at(own, place)] as const)),
  );
  const { placed } = spec.writtenWith(() => undefined);
  const kept = placed
    .map((each) => ({ each, placements: ranked(each, ranks, elements) }))
    .filter(({ placements }) => placements.length > 0);
  const libraries = kept.flatMap(({ each: { adapters } }) =>
    adapters.flatMap(({ adapter: { declaration } }) => libraryOf(declaration)),
  );
  const all = kept.flatMap(({ placements }) => placements);
  return {
    lines: all.map(({ line }) => line),
    libraries: [...new Set(libraries)],
    comments: [],
    counts: all.flatMap(({ count }) => count ?? []),
  };
}

/** Lines of placements, and how many modules their selectors select. */
function ranked(
  { placement, adapters }: Placed,
  ranks: ReadonlyMap<string, number>,
  elements: CompiledSpec["elements"],
): readonly { readonly line: string; readonly count: string | null }[] {
  if (!adapters.some(({ adapter }) => ranks.has(adapter.instance.path)))
    return [{ line: printPlacement(placement), count: null }];
  const groups = new Map<string, string[]>();
  for (const { base, adapter } of adapters) {
    const call = callOf(placement, adapter, ranks.get(adapter.instance.path));
    if (call === null) continue;
    groups.set(call, [...(groups.get(call) ?? []), base.checkpoint]);
  }
  return [...groups].map(([call, names]) => {
    const selectors = selectorsForNames(names, elements);
    if (selectors.kind === "unknown") throw new Error("the modules of a spec have names in it");
    const line = `${call}${placement.also ? " also" : ""} on ${selectors.text}`;
    // Expectations know no `except`.
    const isCounted = !selectors.text.includes(" except ");
    return { line, count: isCounted ? `count(${selectors.text}) = ${names.length}` : null };
  });
}

/** The call of an adapter with its rank as a number, and what else differs by layer as the value that it has there; null for rank 0. */
function callOf(
  { adapter: { callee, arguments: given } }: Placement,
  { declaration, instance }: Placed["adapters"][number]["adapter"],
  rank: number | undefined,
): string | null {
  const numberOf = (name: string | null): number => {
    const value = name === null ? null : instance.environment.lookup(name);
    if (value?.kind !== "number") throw new Error(`an adapter with another rank has a number \`${name ?? ""}\``);
    return value.value;
  };
  if (rank === 0) return null;
  const sizes = sizesOf(declaration);
  const before = numberOf(sizes.rank);
  const after = rank ?? before;
  const nameOf = ({ name }: Argument, place: number): string =>
    name?.text ?? declaration.parameters[place]?.name.text ?? "";
  const others = given.flatMap((each, place) => {
    const name = nameOf(each, place);
    if (name === sizes.rank || name === sizes.alpha) return [];
    const value = instance.environment.lookup(name);
    const written = value?.kind === "number" ? String(value.value) : printExpression(each.value);
    return [`${name} = ${written}`];
  });
  const alpha = (numberOf(sizes.alpha) * after) / before;
  const words = [`${sizes.rank ?? ""} = ${after}`, `${sizes.alpha ?? ""} = ${alpha}`, ...others];
  const name = callee.kind === "member" ? callee.name.text : printExpression(callee);
  return `${name}(${words.join(", ")})`;
}

/** The arguments that are the rank and the alpha of an adapter, by its own clause. */
function sizesOf(declaration: AdapterDeclaration): SizeArguments {
  return sizeArguments(kindOf(declaration, declaration.name.text, null));
}

/** The name of the library's file that declares an adapter; nothing for a file of somebody else. */
function libraryOf({ span, standsFor }: AdapterDeclaration): readonly string[] {
  const [, name] = /^std\/(\w+)\.vlm$/.exec(span.source.name) ?? [];
  return name === undefined || standsFor !== null ? [] : [name];
}
