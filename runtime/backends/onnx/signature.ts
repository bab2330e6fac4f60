import { type OnnxModel, valueNamed } from "../../../compiler/index.ts";
import type { SentTensor } from "./messages.ts";
import type { OnnxSession } from "./session.ts";

/** What a loaded model is given and gives, in a form that another process can be sent. */
export interface OnnxSignature {
  /** The name that its session knows it by. */
  readonly program: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: "float32" | "int32";
    readonly shape: readonly number[];
  }[];
  /** What is given, by the program's own names and by the model's, which differ where an input has that name. */
  readonly outputs: readonly (readonly [of: string, name: string])[];
  /** Outputs that are the inputs of the next run, by the names of those. */
  readonly next: readonly (readonly [output: string, input: string])[];
}

/** The signature of a model; its weights are no inputs, even those that may be given. */
export function signatureOf(program: string, { inputs, outputs, weights }: OnnxModel): OnnxSignature {
  const stored = new Set(weights.map(({ name }) => name));
  return {
    program,
    inputs: inputs.flatMap(({ name, type: { dtype, shape } }) =>
      stored.has(name) ? [] : [{ name, dtype: dtype === "i32" ? "int32" : "float32", shape }],
    ),
    outputs: outputs.flatMap(({ of, name }) => (valueNamed(name).kind === "next" ? [] : [[of, name] as const])),
    next: outputs.flatMap(({ name }): readonly (readonly [string, string])[] => {
      const value = valueNamed(name);
      return value.kind === "next" ? [[name, value.of]] : [];
    }),
  };
}

/** Runs a program on some inputs; what it lacks is what the session keeps, and what it changes is kept there. */
export async function runSignature(
  session: OnnxSession,
  { program, inputs, outputs, next }: OnnxSignature,
  given: ReadonlyMap<string, Float32Array | Int32Array>,
): Promise<ReadonlyMap<string, SentTensor["data"]>> {
  const fed = new Map(
    inputs.flatMap(({ name, dtype, shape }): readonly (readonly [string, SentTensor])[] => {
      const data = given.get(name);
      return data === undefined ? [] : [[name, { dtype, shape, data }]];
    }),
  );
  const wanted = outputs.map(([, name]) => name);
  const results = await session.run(fed, wanted, new Map(next), program);
  return new Map(
    outputs.flatMap(([of, name]) => {
      const found = results.get(name);
      return found === undefined ? [] : [[of, found.data] as const];
    }),
  );
}
