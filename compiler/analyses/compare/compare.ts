import { type Diagnostic, hasErrors, type Source } from "../../../grammar/index.ts";
import { type Compiled, compileSpec } from "../../compile.ts";
import type { Library } from "../../load/index.ts";
import type { Plan } from "../../plan/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import { changedAdapterPaths, compareAdapters } from "./adapters.ts";
import { compareComputation, type Traced } from "./computation.ts";
import { compareSettings } from "./settings.ts";
import { compareFrozen, compareTensors } from "./tensors.ts";
import type { Compared, Comparison, ComputationChange, NamedChange } from "./types.ts";

/** A spec's text, and where its imports are. */
export interface ReadableSpec {
  readonly source: Source;
  readonly library: Library;
  /** Assignments such as `train.lr = 1e-3`, which hold instead of what it says. */
  readonly set?: readonly string[];
}

/** A spec with everything that a comparison needs. */
interface CompiledSpec {
  readonly plan: Plan;
  readonly spec: TracedSpec;
  readonly elements: Compiled["elements"];
}

/**
 * Compares what two specs mean: neither their texts nor where things stand in them. An expectation that fails is compared like
 * one that holds; any other error of a spec is a reason not to compare.
 */
export function compareSpecs(before: ReadableSpec, after: ReadableSpec): Compared {
  const old = compileSpec(before.source, before.library, { set: before.set ?? [] });
  const current = compileSpec(after.source, after.library, { set: after.set ?? [] });
  const diagnostics = [...old.diagnostics, ...current.diagnostics];
  const first = comparable(old);
  const second = comparable(current);
  if (first === null || second === null) return { comparison: null, diagnostics };
  return { comparison: compare(first, second, tracedAlike(after, first, second)), diagnostics };
}

function comparable({ plan, spec, elements, diagnostics }: Compiled): CompiledSpec | null {
  const stopping = diagnostics.filter(({ key }: Diagnostic) => key !== "expectation-failed");
  return plan === null || spec === null || hasErrors(stopping) ? null : { plan, spec, elements };
}

/** The second spec with the batch of the first, because every size in a program follows from its batch. */
function tracedAlike({ source, library, set = [] }: ReadableSpec, before: CompiledSpec, after: CompiledSpec): Traced {
  const { batch } = before.spec.settings;
  const alike =
    batch === after.spec.settings.batch
      ? after
      : comparable(compileSpec(source, library, { batch, microBatch: batch, set }));
  return { ...(alike ?? after).spec, elements: (alike ?? after).elements };
}

function compare(before: CompiledSpec, after: CompiledSpec, alike: Traced): Comparison {
  const changedAdapters = changedAdapterPaths(before.elements, after.elements);
  const traced = compareComputation({ ...before.spec, elements: before.elements }, alike, changedAdapters);
  const parts = {
    model: before.plan.model === after.plan.model ? null : { before: before.plan.model, after: after.plan.model },
    adapters: compareAdapters(before.elements, after.elements),
    frozen: compareFrozen(before.plan, after.plan),
    tensors: compareTensors(before.plan, after.plan, changedAdapters),
    settings: compareSettings(before.spec, after.spec),
    expectations: changesOf(
      before.plan.expectations.map(({ text, holds }) => [text, holds]),
      after.plan.expectations.map(({ text, holds }) => [text, holds]),
    ),
    counts: changesOf(countsOf(before.plan), countsOf(after.plan)),
    costs: changesOf(Object.entries(before.plan.cost), Object.entries(after.plan.cost)),
  };
  const explained = parts.adapters.length + parts.tensors.length + traced.changes.length > 0;
  const rest: readonly ComputationChange[] =
    traced.isWholeEqual || explained ? [] : [{ change: "changed", what: "the forward program" }];
  const computation = [...traced.changes, ...rest];
  const lists: readonly (readonly unknown[])[] = [
    parts.adapters,
    parts.frozen,
    parts.tensors,
    computation,
    parts.settings,
    parts.expectations,
    parts.counts,
    parts.costs,
  ];
  return { isEqual: parts.model === null && lists.every((list) => list.length === 0), ...parts, computation };
}

/** Totals, and the parameters of each component with those trained in it. */
function countsOf({ totals, components }: Plan): readonly (readonly [string, number])[] {
  return [
    ...Object.entries(totals),
    ...components.flatMap(({ name, parameters, trainable }): readonly (readonly [string, number])[] => [
      [name, parameters],
      [`trainable(${name})`, trainable],
    ]),
  ];
}

/** What two lists of named values differ in, in the order of the second, with what it lacks at the end. */
function changesOf<Value>(
  before: readonly (readonly [string, Value])[],
  after: readonly (readonly [string, Value])[],
): readonly NamedChange<Value>[] {
  const old = new Map(before);
  const current = new Map(after);
  return [...new Set([...current.keys(), ...old.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? null, after: current.get(name) ?? null }))
    .filter((each) => each.before !== each.after);
}
