import { inputsOf, type Program } from "../../compiler/index.ts";
import { ProblemError } from "../text/index.ts";
import type { WeightPieces } from "../weights/index.ts";
import type { Backend, Engine, Model, Values } from "./backend.ts";

/**
 * Opens a model on a backend. Before each run the numbers that its inputs give of rows of tables, or of classes, are held to
 * their limits: beyond these one backend gives zeros, another counts from the end, and a third fails in words of its own.
 */
export async function openModel(
  backend: Backend,
  model: Model,
  piecesOf: WeightPieces,
  folder: string,
): Promise<Engine> {
  const engine = await backend.open(model, piecesOf, folder);
  const limits = new Map(model.programs.map((program) => [program.name, limitsOf(program)]));
  return {
    backend: engine.backend,
    device: engine.device,
    run: async (program, inputs) => {
      for (const [name, limit] of limits.get(program) ?? []) checkNumbers(name, inputs.get(name), limit);
      return await engine.run(program, inputs);
    },
    read: () => engine.read(),
    store: (values) => engine.store(values),
    dispose: () => engine.dispose(),
  };
}

/** The inputs of a program that hold such numbers, with what all of them are below. */
function limitsOf(program: Program): ReadonlyMap<string, number> {
  return new Map(
    inputsOf(program).flatMap(({ name, values }) => (values.kind === "below" ? [[name, values.limit] as const] : [])),
  );
}

function checkNumbers(name: string, values: Values | undefined, limit: number): void {
  if (values === undefined) return;
  for (const [place, value] of values.entries()) {
    if (value >= 0 && value < limit) continue;
    const message = `element ${place} is ${value}, but the model takes numbers from 0 to ${limit - 1}`;
    const help = "the model looks them up in a table or takes them for classes: is the vocabulary that of the spec?";
    throw new ProblemError({ subject: `input ${name}`, message, help });
  }
}
