import { buildProduct, firstValuesOf } from "../../compiler/index.ts";
import type { Model, ProgramBackend } from "../backends/index.ts";

/** How many runs are counted: so many, or as many as fit some time. */
export type Runs = number | { readonly milliseconds: number; readonly fewest: number };

/** Milliseconds of runs of something, after a first one. */
export async function timesOf(run: () => Promise<unknown>, runs: Runs): Promise<readonly number[]> {
  const time = async (): Promise<number> => {
    const start = performance.now();
    await run();
    return performance.now() - start;
  };
  await time();
  const timesMs: number[] = [];
  for (let spent = 0; goesOn(timesMs.length, spent, runs); spent += timesMs.at(-1) ?? 0) timesMs.push(await time());
  return timesMs;
}

/** Milliseconds of products of two square matrices, each of a run that reads nothing but its parameters. */
export async function timeProduct(
  backend: ProgramBackend,
  size: number,
  dtype: "f32" | "bf16",
  folder: string,
  runs: Runs,
): Promise<readonly number[]> {
  const { program, parameters } = buildProduct(size, dtype);
  // As weights that change, or ONNX Runtime would multiply them while it loads; what changes is in f32.
  const trainable = new Set(dtype === "f32" ? parameters.map(({ path }) => path) : []);
  const model: Model = { parameters, trainable, seed: 0, programs: [program] };
  const engine = await backend.open(model, firstValuesOf(parameters, 0), folder);
  return timesOf(() => engine.run(program.name, new Map()), runs).finally(engine.dispose);
}

function goesOn(count: number, spentMs: number, runs: Runs): boolean {
  return typeof runs === "number" ? count < runs : count < runs.fewest || spentMs < runs.milliseconds;
}
