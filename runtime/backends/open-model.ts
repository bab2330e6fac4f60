import { inputsOf, type Program } from "../../compiler/index.ts";
import { ProblemError } from "../text/index.ts";
import type { WeightPieces } from "../weights/index.ts";
import type { Engine, Model, ModelBackend, ProgramBackend, WrittenSpec } from "./backend.ts";
import type { Batch, Values, Whole } from "./engine.ts";

/** A backend with what it opens. */
export type Openable =
  | { readonly runs: "programs"; readonly backend: ProgramBackend; readonly model: Model }
  | { readonly runs: "models"; readonly backend: ModelBackend; readonly model: WrittenSpec };

/**
 * Opens a model on a backend. Before each run the numbers that its inputs give of rows of tables, or of classes, are held to
 * their limits: beyond these one backend gives zeros, another counts from the end, and a third fails in words of its own.
 */
export async function openModel(openable: Openable, piecesOf: WeightPieces, folder: string): Promise<Engine> {
  const engine = await openUnchecked(openable, piecesOf, folder);
  const limits = new Map(openable.model.programs.map((program) => [program.name, limitsOf(program)]));
  const { whole } = engine;
  const checked = <Result>(run: Whole<Result>): Whole<Result> => {
    return (inputs, size, isStopped) => {
      const rows = async (from: number, count: number): Promise<Batch> => {
        const some = await inputs.rows(from, count);
        for (const each of limits.values()) checkNumbers(some, each);
        return some;
      };
      return run({ ...inputs, rows }, size, isStopped);
    };
  };
  return {
    ...engine,
    run: async (program, inputs) => {
      checkNumbers(inputs, limits.get(program));
      return await engine.run(program, inputs);
    },
    whole: whole === null ? null : { step: checked(whole.step), measure: checked(whole.measure) },
  };
}

/** The same for inputs that are known to be within their limits. */
export function openUnchecked(openable: Openable, piecesOf: WeightPieces, folder: string): Promise<Engine> {
  return openable.runs === "programs"
    ? openable.backend.open(openable.model, piecesOf, folder)
    : openable.backend.open(openable.model, piecesOf, folder);
}

/** The inputs of a program that hold such numbers, with what all of them are below. */
function limitsOf(program: Program): ReadonlyMap<string, number> {
  return new Map(
    inputsOf(program).flatMap(({ name, values }) => (values.kind === "below" ? [[name, values.limit] as const] : [])),
  );
}

function checkNumbers(inputs: ReadonlyMap<string, Values>, limits: ReadonlyMap<string, number> = new Map()): void {
  for (const [name, limit] of limits) {
    for (const [place, value] of (inputs.get(name) ?? []).entries()) {
      if (value >= 0 && value < limit) continue;
      const message = `element ${place} is ${value}, but the model takes numbers from 0 to ${limit - 1}`;
      const help = "the model looks them up in a table or takes them for classes: is the vocabulary that of the spec?";
      throw new ProblemError({ subject: `input ${name}`, message, help });
    }
  }
}
