import { expect } from "vitest";
import { buildProgram, type Compiled, compileSpec, type TensorData } from "../../compiler/index.ts";
import { removeDropout } from "../../compiler/passes/lower-draws.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import type { StoredTensor } from "../../runtime/weights/index.ts";
import { floats, relative, type Tensors } from "./peft-fixture.ts";

export const backends = ["evaluator", "tensorflow", "onnx"] as const;

export interface CompiledSmall {
  readonly spec: NonNullable<Compiled["spec"]>;
  readonly plan: NonNullable<Compiled["plan"]>;
  readonly elements: Compiled["elements"];
}

/** Compiles the text of a spec without a remark, or without an error where it may have warnings. */
export function compileSmall(name: string, text: string, allowed: "nothing" | "warnings" = "nothing"): CompiledSmall {
  const path = `specs/${name}.vlm`;
  const compiled = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), { precision: "f32" });
  const refused = compiled.diagnostics.filter(({ severity }) => severity === "error" || allowed === "nothing");
  expect(refused.map(({ message, notes }) => [message, ...notes])).toEqual([]);
  const { spec, plan, elements } = compiled;
  if (spec === null || plan === null) throw new Error("the spec compiles");
  return { spec, plan, elements };
}

/** A tensor of a fixture as an input of a program. */
export function inputOf(stored: StoredTensor, dtype: "f32" | "i32" = "f32"): TensorData {
  return { type: { dtype, shape: stored.shape }, data: floats(stored) };
}

/**
 * What a backend computes of some outputs, and of the loss and its gradients in the first step without what is drawn in training, by the
 * names of parameters in checkpoints.
 */
export async function computedBy(
  name: (typeof backends)[number],
  { spec, plan }: CompiledSmall,
  values: ReadonlyMap<string, Float32Array>,
  inputs: ReadonlyMap<string, TensorData>,
  outputs: readonly string[],
) {
  const backend = backendNamed(name);
  if (backend === null || backend.load().kind !== "ready") throw new Error(`${name} is there`);
  const run = async (program: "forward" | "step", fed: ReadonlyMap<string, TensorData>) => {
    const built = buildProgram(spec, program, program === "forward" ? outputs : []);
    if (built === null) throw new Error("the model has a loss");
    const model = modelOf(spec, [backend.optimise(removeDropout(built), spec)]);
    const piecesOf = (at: string): Iterable<Float32Array> => [values.get(at) ?? new Float32Array()];
    return await runOnce(backend, model, { inputs: fed, piecesOf, state: new Map() });
  };
  const forward = await run("forward", inputs);
  const step: TensorData = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) };
  const stepped = await run("step", new Map([...inputs, ["step", step]]));
  const trained = plan.parameters.filter(({ trainable }) => trainable);
  return {
    outputs: new Map(outputs.map((output) => [output, forward.get(output)?.data])),
    loss: stepped.get("loss")?.data,
    gradients: new Map(trained.map(({ path, checkpoint }) => [checkpoint, stepped.get(`gradient:${path}`)?.data])),
  };
}

/** Expects one gradient of each trained parameter, which is PEFT's within 1e-4: by its names, and what a spec calls them. */
export function expectGradients(
  found: ReadonlyMap<string, ArrayLike<number> | undefined>,
  expected: Tensors,
  ownName: (name: string) => string = (name) => name,
): void {
  const gradients = [...expected].filter(([key]) => key.startsWith("grad."));
  expect(gradients).toHaveLength(found.size);
  for (const [key, gradient] of gradients)
    expect(relative(found.get(ownName(key.slice("grad.".length))), gradient), key).toBeLessThan(1e-4);
}
