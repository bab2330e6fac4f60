import { setImmediate as letOthersRun } from "node:timers/promises";
import { gatheredBytes, type TrainSettings, valueNamed } from "../../compiler/index.ts";
import type { Engine, Values } from "./backend.ts";

/** The inputs of some rows of a batch, by name; each has its rows one after the other. */
export type Batch = ReadonlyMap<string, Values>;

/** What a training step says of itself. */
export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Metrics by their names, and as `loss/contrastive` each loss where there are several. */
  readonly metrics: ReadonlyMap<string, number>;
}

/**
 * The inputs of a step: those of so many of its rows at a time, as the settings cut the batch. A micro-batch is
 * asked for once to embed it and once more to backpropagate, in order each time, so that a large batch need not be in memory as
 * a whole.
 */
export type MicroBatchInputs = (index: number) => Promise<Batch>;

/** What a step is computed from: its rows, and what is the same for all of them, such as the weights of classes. */
export interface StepInputs {
  readonly rows: MicroBatchInputs;
  readonly shared: Batch;
}

/**
 * One training step on a whole batch, in micro-batches where the settings cut it; the number of the step counts from 0. Between
 * them it asks whether to stop, and then gives null: nothing that is trained has changed.
 */
export async function trainStep(
  engine: Pick<Engine, "run">,
  { batch, microBatch }: Pick<TrainSettings, "batch" | "microBatch">,
  { rows, shared }: StepInputs,
  step: number,
  isStopped: () => boolean,
): Promise<StepResult | null> {
  const withShared = async (index: number): Promise<Batch> => new Map([...(await rows(index)), ...shared]);
  if (microBatch === batch) return resultOf(await engine.run("step", withStep(await withShared(0), step)));
  const count = batch / microBatch;
  /** What is drawn at random in a micro-batch is the same each time that it is computed. */
  const microBatchOf = async (index: number): Promise<Batch> => withStep(await withShared(index), step * count + index);
  const parts = new Map<string, Values[]>();
  /** What a loss may read of inputs themselves, such as masks; volumes are too large to be together. */
  const given = new Map<string, Values[]>();
  for (let index = 0; index < count; index++) {
    const inputs = await microBatchOf(index);
    for (const [name, values] of inputs) {
      if (values.byteLength <= gatheredBytes && !shared.has(name))
        given.set(name, [...(given.get(name) ?? []), values]);
    }
    for (const [name, values] of await engine.run("embed", inputs)) {
      parts.set(name, [...(parts.get(name) ?? []), values]);
    }
    await letOthersRun();
    if (isStopped()) return null;
  }
  const embedded = new Map([...given, ...parts].map(([name, values]) => [name, concatenated(values)] as const));
  const compared = await engine.run("compare", withStep(new Map([...embedded, ...shared]), step));
  const gradients = new Map([...compared].filter(([name]) => valueNamed(name).kind === "embedding-gradient"));
  for (let index = 0; index < count; index++) {
    await engine.run("backpropagate", new Map([...(await microBatchOf(index)), ...rowsOf(gradients, index, count)]));
    await letOthersRun();
    if (isStopped()) return null;
  }
  return resultOf(new Map([...compared, ...(await engine.run("update", withStep(new Map(), step)))]));
}

/** The inputs of a step whose batch is in memory as a whole; `shared` names those that all rows share. */
export function microBatchesOf(
  inputs: Batch,
  { batch, microBatch }: Pick<TrainSettings, "batch" | "microBatch">,
  shared: ReadonlySet<string>,
): StepInputs {
  const ofRows = new Map([...inputs].filter(([name]) => !shared.has(name)));
  return {
    rows: (index) => Promise.resolve(rowsOf(ofRows, index, batch / microBatch)),
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

/** The rows of one of so many micro-batches. */
function rowsOf(batch: Batch, index: number, count: number): Batch {
  return new Map(
    [...batch].map(([name, values]) => {
      const width = values.length / count;
      return [name, values.subarray(index * width, (index + 1) * width)];
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
