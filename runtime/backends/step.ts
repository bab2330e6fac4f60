import { setImmediate as letOthersRun } from "node:timers/promises";
import { gatheredBytes, type TrainSettings, valueNamed } from "../../compiler/index.ts";
import type { Engine } from "./backend.ts";
import type { Batch, StepInputs, StepResult, Values } from "./engine.ts";

/**
 * One training step on a whole batch, in micro-batches where the settings cut it; the number of the step counts from 0. Between
 * them it asks whether to stop, and then gives null: nothing that is trained has changed.
 */
export async function trainStep(
  engine: Pick<Engine, "run" | "whole">,
  { batch, microBatch }: Pick<TrainSettings, "batch" | "microBatch">,
  inputs: StepInputs,
  step: number,
  isStopped: () => boolean,
): Promise<StepResult | null> {
  if (engine.whole !== null) return await engine.whole.step(inputs, { step, batch, microBatch }, isStopped);
  const { rows, shared } = inputs;
  const withShared = async (from: number): Promise<Batch> => new Map([...(await rows(from, microBatch)), ...shared]);
  if (microBatch === batch) {
    const whole = await withShared(0);
    const outputs = await engine.run("step", withStep(whole, step));
    leave(inputs, whole);
    return resultOf(outputs);
  }
  const count = batch / microBatch;
  /** What is drawn at random in a micro-batch is the same each time that it is computed. */
  const microBatchOf = async (index: number): Promise<Batch> =>
    withStep(await withShared(index * microBatch), step * count + index);
  const parts = new Map<string, Values[]>();
  /** What a loss may read of inputs themselves, such as masks; volumes are too large to be together. */
  const given = new Map<string, Values[]>();
  for (let index = 0; index < count; index++) {
    const ofRows = await microBatchOf(index);
    for (const [name, values] of ofRows) {
      if (values.byteLength <= gatheredBytes && !shared.has(name))
        given.set(name, [...(given.get(name) ?? []), values]);
    }
    for (const [name, values] of await engine.run("embed", ofRows)) {
      parts.set(name, [...(parts.get(name) ?? []), values]);
    }
    leave(inputs, ofRows);
    await letOthersRun();
    if (isStopped()) return null;
  }
  const embedded = new Map([...given, ...parts].map(([name, values]) => [name, concatenated(values)] as const));
  const compared = await engine.run("compare", withStep(new Map([...embedded, ...shared]), step));
  const gradients = new Map([...compared].filter(([name]) => valueNamed(name).kind === "embedding-gradient"));
  for (let index = 0; index < count; index++) {
    const ofRows = await microBatchOf(index);
    const ofGradients = rowsOf(gradients, index * microBatch, microBatch, batch);
    await engine.run("backpropagate", new Map([...ofRows, ...ofGradients]));
    leave(inputs, ofRows);
    await letOthersRun();
    if (isStopped()) return null;
  }
  return resultOf(new Map([...compared, ...(await engine.run("update", withStep(new Map(), step)))]));
}

/** Says of rows that they are not read any more, but for what is small, which may be gathered. */
export function leave({ done }: Pick<StepInputs, "done">, rows: Batch): void {
  done?.(new Map([...rows].filter(([, { byteLength }]) => byteLength > gatheredBytes)));
}

/** The inputs of a step whose batch is in memory as a whole; `shared` names those that all rows share. */
export function inputsInMemory(
  inputs: Batch,
  { batch }: Pick<TrainSettings, "batch">,
  shared: ReadonlySet<string>,
): StepInputs {
  const ofRows = new Map([...inputs].filter(([name]) => !shared.has(name)));
  return {
    rows: (from, count) => Promise.resolve(rowsOf(ofRows, from, count, batch)),
    shared: new Map([...inputs].filter(([name]) => shared.has(name))),
  };
}

function resultOf(outputs: ReadonlyMap<string, Float32Array>): StepResult {
  const numberOf = (name: string): number => outputs.get(name)?.[0] ?? Number.NaN;
  return {
    loss: numberOf("loss"),
    gradientNorm: numberOf("gradient_norm"),
    learningRate: numberOf("learning_rate"),
    metrics: loggedIn(outputs),
  };
}

/** What a program gives besides its loss, by the names that it is logged under. */
export function loggedIn(outputs: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, number> {
  return new Map(
    [...outputs].flatMap(([output, [number = Number.NaN]]): readonly (readonly [string, number])[] => {
      const value = valueNamed(output);
      if (value.kind === "metric") return [[value.name, number]];
      return value.kind === "loss-term" ? [[`loss/${value.name}`, number]] : [];
    }),
  );
}

function withStep(inputs: Batch, step: number): Batch {
  return new Map(inputs).set("step", Int32Array.of(step));
}

/** So many rows of a batch, from one on. */
function rowsOf(batch: Batch, from: number, count: number, rows: number): Batch {
  return new Map(
    [...batch].map(([name, values]) => {
      const width = values.length / rows;
      return [name, values.subarray(from * width, (from + count) * width)];
    }),
  );
}

/** Rows of several micro-batches, one after the other. */
export function concatenated(parts: readonly Values[]): Values {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = parts[0] instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
