import type { Plan, PlannedParameter, PlannedTensor } from "../../plan/index.ts";
import type { TracedSpec } from "../../programs/index.ts";
import type { Element } from "../../select/index.ts";
import { type PlacedAdapter, placedAdapters } from "./adapters.ts";
import { type Computation, computationOf, type Traced } from "./computation.ts";
import { settingsOf } from "./settings.ts";

/** Values by their names, in an order to show them in. */
export type Named<Value> = readonly (readonly [name: string, value: Value])[];

/** A parameter by what it is, not by how its spec says so. */
export type MeantParameter = Omit<PlannedParameter, "rule" | "role">;

/**
 * What a spec means, as far as a comparison looks at it. It is all plain values that depend on no machine and no place in a text,
 * so that it can be kept in a file, and two of the same meaning are equal.
 */
export interface Meaning {
  readonly model: string;
  /** What every size in the computation follows from. */
  readonly batch: number;
  readonly counts: Named<number>;
  readonly costs: Named<number>;
  readonly settings: Named<string>;
  /** Whether each holds. */
  readonly expectations: Named<boolean>;
  readonly adapters: readonly PlacedAdapter[];
  readonly parameters: readonly MeantParameter[];
  readonly buffers: readonly PlannedTensor[];
  readonly computation: Computation;
}

/** A spec with everything that its meaning follows from. */
export interface CompiledSpec {
  readonly plan: Plan;
  readonly spec: TracedSpec;
  readonly elements: readonly Element[];
}

/** Which lets of a model are compared by themselves; the others count as parts of what uses them. */
export type ApartLets = (name: string) => boolean;

/** What a compiled spec means; its computation may be that of a trace at another batch. */
export function meaningOf(
  { plan, spec, elements }: CompiledSpec,
  traced: Traced = { ...spec, elements },
  isApart: ApartLets = () => true,
): Meaning {
  return {
    model: plan.model,
    batch: plan.batch,
    counts: countsOf(plan),
    costs: Object.entries(plan.cost),
    settings: settingsOf(spec),
    expectations: plan.expectations.map(({ text, holds }) => [text, holds]),
    adapters: placedAdapters(elements),
    parameters: plan.parameters.map(({ path, checkpoint, shape, dtype, initial, trainable, ofAdapter, group }) => {
      const how = group === undefined ? {} : { group };
      return { path, checkpoint, shape, dtype, initial, ofAdapter, trainable, ...how };
    }),
    buffers: plan.buffers,
    computation: computationOf(traced, isApart),
  };
}

/** Totals, and the parameters of each component with those trained in it. */
function countsOf({ totals, components }: Plan): Named<number> {
  return [
    ...Object.entries(totals),
    ...components.flatMap(
      ({ name, parameters, trainable }): Named<number> => [
        [name, parameters],
        [`trainable(${name})`, trainable],
      ],
    ),
  ];
}
