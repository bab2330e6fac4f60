import {
  type AdapterDifference,
  adapterUpdates,
  compareAdapters,
  type StoredAdapter,
  withNamesOf,
} from "../../adapters/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, type Reporter, refuseBy, refused } from "../reporter.ts";
import { readAdapterAt } from "./read.ts";

export interface AdapterDiffRequest {
  readonly a: string;
  readonly b: string;
  /** A spec that gives the scales of updates in files that do not say them. */
  readonly forSpec: string | null;
}

/** How far apart two adapters are, by what they do to each weight. */
export function diffAdapters({ a, b, forSpec }: AdapterDiffRequest, reporter: Reporter): Ended<AdapterDifference> {
  const scales = scalesOf(forSpec, reporter);
  if (scales === null) return refused;
  const read = [a, b].map((path) => readAdapterAt(path, reporter, scales));
  const wrong = read.flatMap((each) => (each.kind === "wrong" ? [each.diagnostic] : []));
  const [first, second] = read.flatMap((each) => (each.kind === "adapter" ? [each] : []));
  if (first === undefined || second === undefined) return refuseBy(wrong, reporter);
  const one = byNamesOf(first, second, [a, b], reporter);
  const difference = compareAdapters(one, byNamesOf(second, one, [b, a], reporter));
  for (const [index, path] of [a, b].entries())
    if (difference.isScaled[index] === false)
      reporter.info(`the scales of ${path} are unknown, so updates are B A alone; add --for SPEC to apply them`);
  return done(difference);
}

/** An adapter by the names of another one, of which it may be a part; says so. */
function byNamesOf(
  adapter: StoredAdapter,
  whole: StoredAdapter,
  [path, other]: readonly [string, string],
  reporter: Reporter,
): StoredAdapter {
  const named = withNamesOf(adapter, whole);
  switch (named.kind) {
    case "same":
      return adapter;
    case "renamed": {
      const [own, there] = named.example;
      reporter.note(`${path} is of a part of the model of ${other}: its \`${own}\` is \`${there}\` there`);
      return named.adapter;
    }
    case "several": {
      const prefixes = named.prefixes.map((prefix) => `\`${prefix}\``).join(", ");
      reporter.warning(`the names of ${path} are in ${other} several times, behind ${prefixes}: none is taken`);
      return adapter;
    }
  }
}

/** The scales of a spec's updates, by names in checkpoints; null after reporting what is wrong with the spec. */
function scalesOf(spec: string | null, reporter: Reporter): ReadonlyMap<string, number> | null {
  if (spec === null) return new Map();
  const compiled = compileReported({ spec, set: [] }, reporter);
  if (compiled === null) return null;
  return new Map(
    adapterUpdates(compiled.spec, compiled.plan).flatMap((update) =>
      update.kind === "low-rank" ? [[update.module, update.scale] as const] : [],
    ),
  );
}
