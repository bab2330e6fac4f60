import { buildProduct, firstValuesOf, type ParameterProgram } from "../../compiler/index.ts";
import type { Model, ProgramBackend } from "../backends/index.ts";

/** How many runs are counted: so many, or as many as fit some time. */
export type Runs = number | { readonly milliseconds: number; readonly fewest: number };

/** Milliseconds of runs of a program that reads nothing but its parameters, after a first one. */
export async function timeProgram(
  backend: ProgramBackend,
  { program, parameters }: ParameterProgram,
  trainable: ReadonlySet<string>,
  folder: string,
  runs: Runs,
): Promise<readonly number[]> {
  const model: Model = { parameters, trainable, seed: 0, programs: [program] };
  const engine = await backend.open(model, firstValuesOf(parameters, 0), folder);
  const time = async (): Promise<number> => {
    const start = performance.now();
    await engine.run(program.name, new Map());
    return performance.now() - start;
  };
  try {
    await time();
    const timesMs: number[] = [];
    for (let spent = 0; goesOn(timesMs.length, spent, runs); spent += timesMs.at(-1) ?? 0) timesMs.push(await time());
    return timesMs;
  } finally {
    await engine.dispose();
  }
}

/** The same of a product of two square matrices. */
export function timeProduct(
  backend: ProgramBackend,
  size: number,
  dtype: "f32" | "bf16",
  folder: string,
  runs: Runs,
): Promise<readonly number[]> {
  const built = buildProduct(size, dtype);
  // As weights that change, or ONNX Runtime would multiply them while it loads; what changes is in f32.
  const trainable = new Set(dtype === "f32" ? built.parameters.map(({ path }) => path) : []);
  return timeProgram(backend, built, trainable, folder, runs);
}

function goesOn(count: number, spentMs: number, runs: Runs): boolean {
  return typeof runs === "number" ? count < runs : count < runs.fewest || spentMs < runs.milliseconds;
}
