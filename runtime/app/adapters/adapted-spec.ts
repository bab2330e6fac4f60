import type { AdapterUpdate } from "../../../compiler/index.ts";
import { hasErrors } from "../../../grammar/index.ts";
import { adapterUpdates } from "../../adapters/index.ts";
import { compilePath } from "../../specs/index.ts";
import { readRecord } from "../../train/index.ts";
import { type CompiledSpec, compileReported } from "../compiled-spec.ts";
import type { Reporter } from "../reporter.ts";

/** A spec, and what its adapters do. */
export interface AdaptedSpec {
  readonly path: string;
  readonly compiled: CompiledSpec;
  /** By the names of modules in checkpoints; without those that are not in a form that PEFT has too. */
  readonly updates: ReadonlyMap<string, AdapterUpdate>;
}

/** Compiles the spec that somebody names; null after reporting what is wrong with it. */
export function namedSpec(path: string, reporter: Reporter): AdaptedSpec | null {
  const compiled = compileReported({ spec: path, set: [] }, reporter);
  return compiled === null ? null : adapted(path, compiled);
}

/** The specs that runs were trained with, each compiled once; null where there is no record of it, or its file has changed. */
export function specsOfRuns(): (run: string) => AdaptedSpec | null {
  const known = new Map<string, AdaptedSpec | null>();
  return (run) => {
    const record = readRecord(run);
    if (record === null) return null;
    const key = JSON.stringify([record.spec, record.text]);
    const spec = known.get(key) ?? specAsRecorded(record.spec, record.text);
    known.set(key, spec);
    return spec;
  };
}

function specAsRecorded(path: string, text: string): AdaptedSpec | null {
  const compiled = compilePath(path);
  const { plan, spec } = compiled;
  if (hasErrors(compiled.diagnostics) || plan === null || spec === null || compiled.text !== text) return null;
  return adapted(path, { ...compiled, plan, spec });
}

function adapted(path: string, compiled: CompiledSpec): AdaptedSpec {
  const updates = adapterUpdates(compiled.spec, compiled.plan);
  return {
    path,
    compiled,
    updates: new Map(updates.flatMap((update) => (update.kind === "other" ? [] : [[update.module, update] as const]))),
  };
}
