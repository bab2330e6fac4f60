import { type Diagnostic, hasErrors, type Source } from "../../../grammar/index.ts";
import { type Compiled, compileSpec } from "../../compile.ts";
import type { Library } from "../../load/index.ts";
import { changedAdapterPaths, compareAdapters } from "./adapters.ts";
import { compareComputation, type Traced } from "./computation.ts";
import { type CompiledSpec, type Meaning, meaningOf, type Named } from "./meaning.ts";
import { defaultSettings } from "./settings.ts";
import { compareFrozen, compareGroups, compareTensors } from "./tensors.ts";
import type { Compared, Comparison, ComputationChange, NamedChange } from "./types.ts";

/** A spec's text, and where its imports are. */
export interface ReadableSpec {
  readonly source: Source;
  readonly library: Library;
  /** Assignments such as `train.lr = 1e-3`, which hold instead of what it says. */
  readonly set?: readonly string[];
}

/** A spec that has been compiled, so that comparing it with several others does not compile it again. */
export interface SpecAsCompiled extends ReadableSpec {
  readonly compiled: Compiled;
}

/**
 * Compares what two specs mean: neither their texts nor where things stand in them. An expectation that fails is compared like
 * one that holds; any other error of a spec is a reason not to compare.
 */
export function compareSpecs(before: ReadableSpec, after: ReadableSpec): Compared {
  const old = compileSpec(before.source, before.library, { set: before.set ?? [] });
  const current = compileSpec(after.source, after.library, { set: after.set ?? [] });
  const comparison = compareCompiled({ ...before, compiled: old }, { ...after, compiled: current });
  return { comparison, diagnostics: [...old.diagnostics, ...current.diagnostics] };
}

/** The same of specs that have been compiled; null where one has errors. */
export function compareCompiled(before: SpecAsCompiled, after: SpecAsCompiled): Comparison | null {
  const first = comparable(before.compiled);
  const second = comparable(after.compiled);
  if (first === null || second === null) return null;
  const alike = tracedAlike(after, first.plan.batch, second);
  // A let that one model alone has is a part of what uses it.
  const isShared = (name: string): boolean => first.spec.outputs.has(name) && alike.outputs.has(name);
  return compareMeanings(
    meaningOf(first, { ...first.spec, elements: first.elements }, isShared),
    meaningOf(second, alike, isShared),
  );
}

/** What a spec means now, and what differs from what was kept of it, if anything was. */
export interface ComparedWithKept extends Compared {
  /** Null for a spec that does not compile. */
  readonly meaning: Meaning | null;
}

/**
 * Compares a spec with what was kept of it, as `compareSpecs` does. Lets that were kept and are there no more are not parts of what
 * used them, since that was kept by itself: it is told to have changed where what it computes is another in all.
 */
export function compareWithKept(kept: Meaning | null, after: ReadableSpec): ComparedWithKept {
  const current = compileSpec(after.source, after.library, { set: after.set ?? [] });
  const { diagnostics } = current;
  const compiled = comparable(current);
  if (compiled === null) return { meaning: null, comparison: null, diagnostics };
  const meaning = meaningOf(compiled);
  if (kept === null) return { meaning, comparison: null, diagnostics };
  const lets = new Set(kept.computation.lets.map(({ name }) => name));
  const alike = meaningOf(compiled, tracedAlike(after, kept.batch, compiled), (name) => lets.has(name));
  // Of a setting that came into the language since then the spec said nothing.
  const before = { ...kept, settings: [...new Map([...defaultSettings(), ...kept.settings])] };
  return { meaning, comparison: compareMeanings(before, alike), diagnostics };
}

function comparable({ plan, spec, elements, diagnostics }: Compiled): CompiledSpec | null {
  const stopping = diagnostics.filter(({ key }: Diagnostic) => key !== "expectation-failed");
  return plan === null || spec === null || hasErrors(stopping) ? null : { plan, spec, elements };
}

/** A spec with the batch of another, because every size in a program follows from its batch. */
function tracedAlike({ source, library, set = [] }: ReadableSpec, batch: number, compiled: CompiledSpec): Traced {
  const alike =
    batch === compiled.plan.batch
      ? compiled
      : comparable(compileSpec(source, library, { batch, microBatch: batch, set }));
  return { ...(alike ?? compiled).spec, elements: (alike ?? compiled).elements };
}

function compareMeanings(before: Meaning, after: Meaning): Comparison {
  const changedAdapters = changedAdapterPaths(before.adapters, after.adapters);
  const traced = compareComputation(before, after, changedAdapters);
  const parts = {
    model: before.model === after.model ? null : { before: before.model, after: after.model },
    adapters: compareAdapters(before.adapters, after.adapters),
    frozen: compareFrozen(before, after),
    tensors: compareTensors(before, after, changedAdapters),
    settings: [...changesOf(before.settings, after.settings), ...compareGroups(before, after)],
    expectations: changesOf(before.expectations, after.expectations),
    counts: changesOf(before.counts, after.counts),
    costs: changesOf(before.costs, after.costs),
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

/** What two lists of named values differ in, in the order of the second, with what it lacks at the end. */
function changesOf<Value>(before: Named<Value>, after: Named<Value>): readonly NamedChange<Value>[] {
  const old = new Map(before);
  const current = new Map(after);
  return [...new Set([...current.keys(), ...old.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? null, after: current.get(name) ?? null }))
    .filter((each) => each.before !== each.after);
}
