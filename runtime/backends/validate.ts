import { setImmediate as letOthersRun } from "node:timers/promises";
import { gatheredBytes, type Validation } from "../../compiler/index.ts";
import type { Engine } from "./backend.ts";
import type { StepInputs, Values } from "./engine.ts";
import { concatenated, leave, loggedIn } from "./step.ts";

/**
 * The loss of a held-out batch and what is logged beside it, by the names that it is logged under. Rows are asked for once, in
 * order, as many as a program takes: of the last micro-batch those beyond the batch are not looked at. Null when it is asked to
 * stop.
 */
export async function validateBatch(
  engine: Pick<Engine, "run" | "whole">,
  { rows: batch, microBatch }: Pick<Validation, "rows" | "microBatch">,
  inputs: StepInputs,
  isStopped: () => boolean,
): Promise<ReadonlyMap<string, number> | null> {
  if (engine.whole !== null) return await engine.whole.measure(inputs, { step: 0, batch, microBatch }, isStopped);
  const { rows, shared } = inputs;
  if (microBatch === batch) {
    const whole = await rows(0, batch);
    const outputs = await engine.run("validate", new Map([...whole, ...shared]));
    leave(inputs, whole);
    return valuesIn(outputs);
  }
  const embedded = new Map<string, Values[]>();
  const keep = (name: string, values: Values, count: number): void => {
    const kept = values.subarray(0, (values.length / microBatch) * count);
    embedded.set(name, [...(embedded.get(name) ?? []), kept]);
  };
  for (let from = 0; from < batch; from += microBatch) {
    const count = Math.min(microBatch, batch - from);
    const ofRows = await rows(from, microBatch);
    if (isStopped()) return null;
    for (const [name, values] of ofRows) if (values.byteLength <= gatheredBytes) keep(name, values, count);
    const outputs = await engine.run("validate_embed", new Map([...ofRows, ...shared]));
    for (const [name, values] of outputs) keep(name, values, count);
    leave(inputs, ofRows);
    await letOthersRun();
    if (isStopped()) return null;
  }
  const all = [...embedded].map(([name, values]) => [name, concatenated(values)] as const);
  return valuesIn(await engine.run("validate_compare", new Map([...all, ...shared])));
}

function valuesIn(outputs: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, number> {
  return new Map([["loss", outputs.get("loss")?.[0] ?? Number.NaN], ...loggedIn(outputs)]);
}
