import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Given,
  nameOf,
  type Program,
  type TensorData,
  type TracedSpec,
  valueNamed,
} from "../../compiler/index.ts";
import { bf16ProductsHere } from "../native/index.ts";
import { TensorflowSession } from "./session.ts";
import type { Tfjs, TypedValues } from "./tfjs.ts";
import { writePrograms } from "./write-model.ts";

/**
 * Runs an optimised program of a spec once on TensorFlow and gives what the reference evaluator gives: its outputs and
 * its updates, by name. Parameters that are missing are zeros.
 */
export async function runOnTensorflow(
  tf: Tfjs,
  spec: TracedSpec,
  program: Program,
  { inputs, parameters }: Given,
): Promise<ReadonlyMap<string, TensorData>> {
  const folder = mkdtempSync(join(tmpdir(), "medctc-model-"));
  try {
    const { parameters: declared, trainable, settings } = spec;
    const about = { parameters: declared, trainable, seed: settings.seed, bf16Products: bf16ProductsHere() };
    const session = await TensorflowSession.load(tf, folder, writePrograms([program], about, folder));
    session.feed((path) => {
      const given = parameters.get(path);
      return given === undefined ? null : [Float32Array.from(given.data)];
    });
    session.run("prepare", new Map());
    session.store(stateOf(session, parameters));
    const fed = new Map(
      [...inputs].map(([name, { type, data }]) => [
        name,
        type.dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data),
      ]),
    );
    const values = runSignatures(session, program, fed);
    session.dispose();
    return typed(program, values);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a step keeps for its parameters, where it is given; `prepare` has set it to zero. */
function stateOf({ index }: TensorflowSession, parameters: Given["parameters"]): ReadonlyMap<string, Float32Array> {
  return new Map(
    index.variables.flatMap(({ path, role }): readonly (readonly [string, Float32Array])[] => {
      const data = role === "state" ? parameters.get(path)?.data : undefined;
      return data === undefined ? [] : [[path, Float32Array.from(data)]];
    }),
  );
}

/** A training step is three signatures: its gradients, before it changes anything; the step; and what it changed. */
function runSignatures(
  session: TensorflowSession,
  { name, outputs, updates }: Program,
  fed: ReadonlyMap<string, Float32Array | Int32Array>,
): ReadonlyMap<string, TypedValues> {
  if (updates.size === 0) return session.run(name, fed);
  const hasGradients = [...outputs.keys()].some((output) => valueNamed(output).kind === "gradient");
  const gradients = [...(hasGradients ? session.run("gradients", fed) : [])].map(
    ([parameter, values]) => [nameOf({ kind: "gradient", parameter }), values] as const,
  );
  return new Map([...gradients, ...session.run(name, fed), ...session.run("read", new Map())]);
}

function typed(
  { outputs, updates }: Program,
  values: ReadonlyMap<string, TypedValues>,
): ReadonlyMap<string, TensorData> {
  return new Map(
    [...outputs, ...updates].map(([name, { type }]) => {
      const data = values.get(name);
      if (data === undefined) throw new Error(`TensorFlow's model gives ${name}`);
      return [name, { type, data: Float32Array.from(data) }];
    }),
  );
}
