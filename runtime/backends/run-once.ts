import { rmSync } from "node:fs";
import type { TensorData } from "../../compiler/index.ts";
import { makeTemporaryFolder } from "../files/index.ts";
import type { WeightPieces } from "../weights/index.ts";
import type { Model, ProgramBackend } from "./backend.ts";
import { openModel } from "./open-model.ts";

/** What one run of a program is given. */
export interface GivenOnce {
  readonly inputs: ReadonlyMap<string, TensorData>;
  readonly piecesOf: WeightPieces;
  /** What a step keeps for parameters, by its paths; zeros for what is not there. */
  readonly state: ReadonlyMap<string, Float32Array>;
}

/**
 * Runs the one program of a model once, and gives what the reference evaluator gives: its outputs, gradients included, and what
 * it changed, by name. Rejects with an `EngineError`.
 */
export async function runOnce(
  backend: ProgramBackend,
  model: Model,
  { inputs, piecesOf, state }: GivenOnce,
): Promise<ReadonlyMap<string, TensorData>> {
  const [program] = model.programs;
  if (program === undefined) throw new Error("a program is run");
  const { name, outputs, updates } = program;
  const folder = makeTemporaryFolder("medctc-run");
  try {
    const engine = await openModel(
      { runs: "programs", backend, model: { ...model, gradients: true } },
      piecesOf,
      folder,
    );
    await engine.store(state);
    const fed = new Map(
      [...inputs].map(([input, { type, data }]) => [
        input,
        type.dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data),
      ]),
    );
    const values = new Map(await engine.run(name, fed));
    if (updates.size > 0) for (const [path, value] of await engine.read()) values.set(path, value);
    await engine.dispose();
    return new Map(
      [...outputs, ...updates].map(([output, { type }]) => {
        const data = values.get(output);
        if (data === undefined) throw new Error(`${backend.title} gives ${output}`);
        return [output, { type, data }];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
