import type { Argument, Diagnostic, Source } from "../../../grammar/index.ts";
import { countAt } from "../../at.ts";
import type { Library } from "../../load/index.ts";
import { type Allowed, checkAllowed, readAllowed } from "./allowed.ts";
import { type BareModel, bareModel, stripSpec } from "./bare-model.ts";
import { adapterRange, type Range, readBudget } from "./budget.ts";
import { countPlacements } from "./count.ts";
import { type Group, groupsOf } from "./groups.ts";
import { importsFor, type Kind, kindOf, noKinds, readArguments, usualKinds } from "./kinds.ts";
import { AdapterMeasure } from "./measure.ts";
import { type Encoder, encodersOf } from "./regions.ts";
import { type Candidate, simplest, type Trial } from "./simplest.ts";
import { choicesOf, type EncoderGroups, skeletonCount } from "./skeletons.ts";
import { Tables } from "./tables.ts";
import type { FoundPlacement, FoundPlacements, PlaceOptions, PlaceProblem, PlaceResult } from "./types.ts";

/** Classes of roles that a region may have, and ways to choose among groups of roles that a search goes through, at most. */
const classLimit = 10;
const skeletonLimit = 2_000_000;

const narrower = "name less with --on, or fewer kinds and ranks";

/** A kind of adapter in a model: how it is counted, and where it can sit. */
interface MeasuredKind extends Kind {
  readonly measure: AdapterMeasure;
  readonly encoders: readonly Encoder[];
}

/**
 * Finds the placements of adapters in a spec's model that meet a budget of trainable parameters. The spec's own placements
 * are left out of it, what else it trains counts. A placement is one kind of adapter and, for each encoder, nothing, a
 * group of the roles of the whole with a rank, or for some of its stages a group of the roles there with a rank.
 */
export function findPlacements(entry: Source, library: Library, options: PlaceOptions): PlaceResult {
  const given = readArguments(options.with);
  if (given === null) {
    return refuse({
      rule: `\`${options.with}\` is not a list of arguments`,
      help: 'write it as in "alpha = 2 * rank"',
    });
  }
  const budget = readBudget(options.budget);
  if (budget === null) {
    return refuse({
      rule: `\`${options.budget}\` is not a number`,
      help: "a budget is written as an expectation has it, such as 1.67M, 1_671_168 or 0.38%",
    });
  }
  const stripped = stripSpec(entry, library);
  if (!("bare" in stripped)) return { kind: "wrong-spec", diagnostics: stripped };
  const { bare, program, placedKinds } = stripped;
  const names = [...new Set(options.kinds ?? usualKinds(placedKinds, program))];
  if (names.length === 0) return refuse(noKinds(program));
  const imports = importsFor(names, program);
  if ("rule" in imports) return refuse(imports);
  const model = bareModel(entry.name, bare, [...new Set(imports.values())], library);
  if (!("elaborator" in model)) return { kind: "wrong-spec", diagnostics: model };
  const range = adapterRange(budget, options, model.totals);
  if ("rule" in range) return refuse(range);
  const allowed = options.on === null ? null : readAllowed(options.on, model.elements);
  if (allowed !== null && isDiagnostics(allowed)) return { kind: "wrong-spec", diagnostics: allowed };
  const kinds: MeasuredKind[] = [];
  for (const name of names) {
    const kind = measuredKind(name, imports.get(name) ?? null, given, model, allowed, options.ranks);
    if ("rule" in kind) return refuse(kind);
    if (budget.text.endsWith("%") && kind.measure.isPartlyFrozen) {
      const rule = `the spec's rules freeze a part of \`${name}\`, so that a share does not say how much is trained`;
      return refuse({ rule, help: "give the budget as a number of parameters" });
    }
    kinds.push(kind);
  }
  const found = search(kinds, range, model, options);
  return "rule" in found ? refuse(found) : { kind: "found", found, bare };
}

function refuse(problem: PlaceProblem): PlaceResult {
  return { kind: "refused", problem };
}

function isDiagnostics(allowed: Allowed | readonly Diagnostic[]): allowed is readonly Diagnostic[] {
  return allowed.some((each) => "severity" in each);
}

function measuredKind(
  name: string,
  imported: string | null,
  given: readonly Argument[],
  model: BareModel,
  allowed: Allowed | null,
  ranks: readonly number[],
): MeasuredKind | PlaceProblem {
  const { elaborator } = model;
  const value = elaborator.files.of(elaborator.declaration.span.source).environment.lookup(name);
  if (value?.kind !== "callable" || value.callable.kind !== "adapter") throw new Error("an adapter is imported");
  const kind = kindOf(value.callable, imported, given);
  if ("rule" in kind) return kind;
  const measure = new AdapterMeasure(model, kind, given, ranks);
  const encoders = encodersOf(model.elements, (module) => {
    return measure.mayAdapt(module) && (allowed === null || allowed.some(({ modules }) => modules.has(module)));
  });
  const regions = encoders.flatMap(({ whole, stages }) => [whole, ...stages]);
  const problem = allowed === null ? null : checkAllowed(allowed, encoders);
  if (problem !== null && measure.firstRefusal === null) return problem;
  if (regions.every(({ classes }) => classes.length === 0)) {
    const help = measure.firstRefusal?.message ?? "a placement selects projections by their roles";
    return { rule: `\`${name}\` can sit on nothing that has a role`, help };
  }
  const wide = regions.find(({ classes }) => classes.length > classLimit);
  if (wide === undefined) return { ...kind, measure, encoders };
  return { rule: `\`${wide.selector}\` has more than ${classLimit} roles that can be adapted apart`, help: narrower };
}

function search(
  kinds: readonly MeasuredKind[],
  range: Range,
  { totals }: BareModel,
  options: PlaceOptions,
): FoundPlacements | PlaceProblem {
  const trials: Trial<MeasuredKind>[] = [];
  const regions = new Map<string, number>();
  let skeletons = 0;
  for (const kind of kinds) {
    const encoders = kind.encoders.map(
      ({ whole, stages }): EncoderGroups => ({ whole: groupsOf(whole), stages: stages.map(groupsOf) }),
    );
    for (const group of encoders.flatMap(({ whole, stages }) => [...whole, ...stages.flat()])) {
      const { selector, classes } = group.region;
      regions.set(selector, Math.max(countAt(regions, selector), 2 ** classes.length - 1));
    }
    skeletons += skeletonCount(encoders);
    if (skeletons > skeletonLimit) return tooMany();
    const ranks = kind.sizeName === null ? [null] : options.ranks;
    const tables = new Tables(kind.measure, ranks);
    trials.push({ kind, encoders: encoders.map(choicesOf), ranks, tableOf: (group) => tables.of(group) });
  }
  let count = 0;
  for (const trial of trials) {
    const counted = options.sameRank ? countAtOneRank(trial, range) : countAll(trial, range);
    if (counted === null) return tooMany();
    count += counted;
  }
  return {
    placements: simplest(trials, range, { ...options, top: Math.min(options.top, count) }).map((candidate) =>
      describe(candidate, totals),
    ),
    count,
    range: { least: range.least + totals.trainable, most: range.most + totals.trainable },
    without: totals.trainable,
    regions: [...regions].map(([selector, groups]) => ({ selector, groups })),
  };
}

function tooMany(): PlaceProblem {
  return { rule: "there are too many placements to search through", help: narrower };
}

function countAll({ encoders, tableOf, ranks }: Trial<MeasuredKind>, range: Range): number | null {
  return countPlacements(encoders, tableOf, ranks.length, range);
}

function countAtOneRank({ encoders, tableOf, ranks }: Trial<MeasuredKind>, range: Range): number | null {
  let total = 0;
  for (const position of ranks.keys()) {
    const at = (group: Group): readonly number[] => [tableOf(group)[position] ?? Number.NaN];
    const counted = countPlacements(encoders, at, 1, range);
    if (counted === null) return null;
    total += counted;
  }
  return total;
}

/** A candidate as it is shown: groups of one rank share a line. */
function describe(
  { kind, skeleton, ranks, count }: Candidate<MeasuredKind>,
  totals: BareModel["totals"],
): FoundPlacement {
  const parts = skeleton.groups.map(({ selectors }, index) => ({ selectors, rank: ranks[index] ?? null }));
  const lines = [...new Set(ranks)].map((rank) => {
    const selectors = parts.filter((part) => part.rank === rank).map((part) => part.selectors);
    return `${kind.measure.write(rank)} on ${selectors.join(", ")}`;
  });
  let adapters = 0;
  let parameters = totals.total;
  for (const [index, { classes }] of skeleton.groups.entries()) {
    for (const module of classes.flatMap(({ modules }) => modules)) {
      adapters++;
      parameters += kind.measure.count(module, ranks[index] ?? null)?.all ?? 0;
    }
  }
  const trainable = totals.trainable + count;
  return {
    lines,
    imports: kind.import === null ? [] : [kind.import],
    kind: kind.declaration.name.text,
    parts,
    adapters,
    trainable,
    share: trainable / parameters,
  };
}
