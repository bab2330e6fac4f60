import { availableParallelism, cpus } from "node:os";
import type { TracedSpec } from "../../../compiler/index.ts";
import { type Engine, engineName, precisionOn } from "../../backends/index.ts";
import { version } from "../../machine/index.ts";

/** What a report says of where and with what something was run: names and values. */
export function environmentOf(
  engine: Engine,
  { settings: { seed, batch, microBatch, precision } }: TracedSpec,
  given: {
    readonly data: string;
    readonly weights: string | null;
    readonly adapter: string | null;
    /** A folder of exported models that ran instead of weights. */
    readonly exported?: string | null;
  },
): readonly (readonly [string, string])[] {
  return [
    ["medctc", version],
    ["backend", `${engineName(engine.backend)}, ${engine.device}`],
    ["machine", `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} threads`],
    ["Node", process.versions.node],
    ["data", given.data],
    ...weightsOf(given),
    ["seed", String(seed)],
    ["batch", microBatch === batch ? String(batch) : `${batch}, in micro-batches of ${microBatch}`],
    ["precision", precisionOn(engine.backend, precision)],
  ];
}

function weightsOf({
  weights,
  adapter,
  exported = null,
}: {
  readonly weights: string | null;
  readonly adapter: string | null;
  readonly exported?: string | null;
}): readonly (readonly [string, string])[] {
  if (exported !== null) return [["exported models", exported]];
  return [
    ["weights", weights ?? "random, from the seed"],
    ["adapters", adapter ?? "their first values"],
  ];
}
