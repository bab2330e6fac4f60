import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildProgram, compileSpec, type ProgramName, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, modelOf, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors, type StoredTensor } from "../../runtime/weights/index.ts";
import { siglipSmall } from "./siglip-fixture.ts";

function tensors(name: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(name, readFileSync(`test/fixtures/siglip-small/${name}`));
}

const { text, changes } = siglipSmall;
const path = "specs/siglip-small.vlm";
const { plan, spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), changes);
const weights = tensors("weights.safetensors");
const expected = tensors("expected.safetensors");

/** The stages of the forward pass: their names in the fixture and in the spec. */
const stages = [
  ["vision_embeddings", "vision.embeddings"],
  ["vision_hidden", "vision.encoded"],
  ["text_hidden", "text.encoded"],
  ["image_latent", "picture"],
  ["text_latent", "caption"],
] as const;

function dataOf(stored: StoredTensor): TensorData {
  return {
    type: { dtype: stored.dtype === "I64" ? "i32" : "f32", shape: stored.shape },
    data: Float32Array.from(elementsOf(stored)),
  };
}

const inputs = new Map([...tensors("batch.safetensors")].map(([name, stored]) => [name, dataOf(stored)]));
const checkpoints = new Map((plan?.parameters ?? []).map(({ path: at, checkpoint }) => [at, checkpoint]));

/** The values of a program on a backend; a step's gradients have the names of the fixture. */
async function valuesOf(backendName: "evaluator" | "tensorflow" | "onnx", name: ProgramName, fetch: readonly string[]) {
  const backend = backendNamed(backendName);
  const built = spec === null ? null : buildProgram(spec, name, fetch);
  if (spec === null || backend === null || built === null) throw new Error("the backend has the program");
  const loaded = backend.load();
  if (loaded.kind !== "ready") throw new Error(`${backendName} is there`);
  const program = backend.optimise(built, spec);
  const piecesOf = (at: string): Iterable<Float32Array> => {
    const stored = weights.get(checkpoints.get(at) ?? "");
    return stored === undefined ? [] : [Float32Array.from(elementsOf(stored))];
  };
  const count: TensorData = { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) };
  const fed = name === "step" ? new Map([...inputs, ["step", count]]) : inputs;
  const values = await runOnce(backend, modelOf(spec, [program]), { inputs: fed, piecesOf, state: new Map() });
  return new Map(
    [...values].map(([key, { data }]) => {
      const [kind = "", at = ""] = key.split(":");
      return [kind === "gradient" ? `grad.${checkpoints.get(at) ?? at}` : key, data];
    }),
  );
}

function expectedOf(name: string): readonly number[] {
  const stored = expected.get(name);
  if (stored === undefined) throw new Error(`the fixture has ${name}`);
  return [...elementsOf(stored)];
}

/** The largest absolute difference from the fixture over the largest absolute value that it has under a name. */
function difference(found: ArrayLike<number> | undefined, name: string, over = name): number {
  const values = expectedOf(name);
  expect(found?.length, name).toBe(values.length);
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / Math.max(...expectedOf(over).map(Math.abs));
}

test("the spec at the fixture's sizes has its parameters, by name", () => {
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  expect([...checkpoints.values()].toSorted()).toEqual([...weights.keys()].toSorted());
});

describe.each(["evaluator", "tensorflow", "onnx"] as const)("%s gives what transformers gives", (backend) => {
  test("all stages within 2e-5, the loss within 1e-5", async () => {
    const values = await valuesOf(
      backend,
      "forward",
      stages.map(([, name]) => name),
    );
    for (const [name, ours] of stages) expect(difference(values.get(ours), name), name).toBeLessThan(2e-5);
    expect(difference(values.get("loss"), "loss")).toBeLessThan(1e-5);
  });

  test("the gradient of every parameter within 1e-4", async () => {
    const values = await valuesOf(backend, "step", []);
    const names = [...expected.keys()].filter((name) => name.startsWith("grad."));
    expect(names).toHaveLength(checkpoints.size);
    for (const name of names) {
      // The bias of keys moves all scores of a query alike, so its gradient is 0 but for rounding: its weight's is the measure.
      const over = name.replace("k_proj.bias", "k_proj.weight");
      expect(difference(values.get(name), name, over), name).toBeLessThan(1e-4);
    }
  });
});
