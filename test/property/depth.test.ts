import { describe, expect, test } from "vitest";
import {
  buildForward,
  buildStep,
  compareSpecs,
  compileSpec,
  emitModel,
  emitOnnx,
  expectMemory,
  nodesOf,
  optimise,
  optimiseForOnnx,
  type Program,
  printProgram,
  verify,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const layers = 1024;

/**
 * A model whose layers have adapters, attend, and add what is frozen and shared: each doubles the shift of the one before, so
 * that a walk which follows every way back takes 2^1024 steps.
 */
const deep = `
import "std/layer_norm"
import "std/linear"
import "std/lora"

module layer(dim: int) {
  part norm = layer_norm(dim)
  part up = linear(dim, dim)
  forward(x: f32[b, n, dim], shift) {
    let scores = softmax(matmul(x, x, transpose_b = true), axis = -1)
    return x + tanh(matmul(scores, up(norm(x)))) + shift
  }
}

module stack(dim: int) {
  buffer shift: f32[dim]
  part layers = repeat ${layers} layer(dim)
  forward(x: f32[batch, 3, dim]) {
    let hidden = x
    let shifted = shift
    for each in layers {
      hidden = each(hidden, shifted)
      shifted = shifted + shifted
    }
    return hidden
  }
}

model deep {
  encoder vision = stack(dim = 4)
  let out = mean(vision.return, axis = [0, 1, 2])
  freeze vision
  lora(rank = 1) on vision.layers[0..${layers}].up
  loss out
}

train { batch = 2, precision = "bf16", recompute = layers }
`;

/** Linear layers after each other, each with an adapter beside it, which fold into one matrix. */
const linear = `
import "std/linear"
import "std/lora"

module stack(dim: int) {
  part layers = repeat ${layers} linear(dim, dim)
  forward(x: f32[batch, dim]) {
    let hidden = x
    for each in layers {
      hidden = each(hidden)
    }
    return hidden
  }
}

model straight {
  encoder vision = stack(dim = 2)
  let out = vision.return
  freeze vision
  lora(rank = 1) on vision.layers[0..${layers}]
}

train { batch = 2 }
`;

function compiled(text: string) {
  const path = "specs/deep.vlm";
  const { plan, spec, elements, diagnostics } = compileSpec(
    createSource(path, text),
    new SpecLibrary("specs/std", path),
  );
  expect(diagnostics.map(({ key }) => key)).toEqual([]);
  if (plan === null || spec === null) throw new Error("the spec compiles");
  return { plan, spec, elements };
}

function stepOf({ spec }: ReturnType<typeof compiled>): Program {
  const step = buildStep(spec);
  if (step === null) throw new Error("the model has a loss");
  return step;
}

describe(`a model of ${layers} layers`, () => {
  const model = compiled(deep);
  const { spec } = model;
  const step = optimise(stepOf(model), spec);

  test("has a step that is well-formed, is printed, and computes its layers at most twice", () => {
    expect(verify(step)).toEqual([]);
    expect(printProgram(step).split("\n").length).toBeGreaterThan(nodesOf(step).length);
    expect(nodesOf(step).length).toBeLessThan(200 * layers);
  });

  test("is known in what it takes, by the operation that takes most", () => {
    expect(expectMemory(spec)?.at).toMatch(/vision\.layers\[\d+\]/);
  });

  test("is written for TensorFlow, with each shared value once", () => {
    const { parameters, trainable, settings } = spec;
    const { model: written } = emitModel([step], {
      parameters,
      seed: settings.seed,
      trainable,
      bf16Products: "native",
    });
    const prepared = written.nodes.filter(({ name, op }) => name.startsWith("prepare") && op === "AddV2");
    expect(prepared).toHaveLength(layers - 1);
  });

  test("is written as ONNX, alone and with its adapters folded in", () => {
    for (const merge of [false, true]) {
      const program = optimiseForOnnx(buildForward(spec, []), spec, { merge });
      expect(emitOnnx(program, { trainable: spec.trainable, gradients: false }).nodes.length).toBeGreaterThan(layers);
    }
  });

  test("equals itself", () => {
    const side = {
      source: createSource("specs/deep.vlm", deep),
      library: new SpecLibrary("specs/std", "specs/deep.vlm"),
    };
    expect(compareSpecs(side, side).comparison?.computation).toEqual([]);
  });
});

test(`${layers} linear layers fold into one matrix, each folded once`, () => {
  const { spec } = compiled(linear);
  const program = optimiseForOnnx(buildForward(spec, []), spec, { merge: true });
  expect(nodesOf(program).filter(({ operation }) => operation.op === "matmul").length).toBeLessThan(4 * layers);
});
