import { expect, test } from "vitest";
import type { Node } from "../../compiler/ir/types.ts";
import { differentiate } from "../../compiler/passes/differentiate.ts";
import { recomputeLayers } from "../../compiler/passes/recompute-layers.ts";
import { count, expectSameValues, expectUntouched, Small } from "./small-program.ts";

/** Two layers, each of which goes through something wide and two costly operations, at paths of a list or of no list. */
function layers(pathOf: (index: number) => string) {
  const small = new Small();
  let x: Node = small.input("x", [4, 3]);
  for (const index of [0, 1]) {
    const build = small.from(pathOf(index));
    const product = { op: "matmul", transposeA: false, transposeB: false } as const;
    const up = build.add({ op: "parameter", path: `up${index}`, type: { dtype: "f32", shape: [3, 4] } });
    const down = build.add({ op: "parameter", path: `down${index}`, type: { dtype: "f32", shape: [4, 3] } });
    const wide = build.add(product, x, up);
    const bent = build.add({ op: "exp" }, build.add({ op: "sin" }, build.add({ op: "tanh" }, wide)));
    x = build.add(product, bent, down);
  }
  const step = differentiate(small.program({ loss: small.total(x) }, "step"), new Set(["up0", "up1"]));
  return { step };
}

test("what is inside a layer is computed again, and what flows between layers is kept", () => {
  const { step } = layers((index) => `encoder.layers[${index}]`);
  const again = recomputeLayers(step);
  expect(count(again, "tanh")).toBe(2 * count(step, "tanh"));
  expect(count(again, "sin")).toBe(2 * count(step, "sin"));
  // The first product of each layer, of two each: what the second gives flows on.
  expect(count(again, "matmul")).toBe(count(step, "matmul") + 2);
  expectSameValues(step, again);
});

test("what is in no layer is kept", () => {
  const { step } = layers((index) => `encoder.block${index}`);
  expectUntouched(step, recomputeLayers(step));
});

test("products that make less than they read are kept inside a layer too", () => {
  const small = new Small();
  const build = small.from("layers[0]");
  const product = { op: "matmul", transposeA: false, transposeB: false } as const;
  const weight = build.add({ op: "parameter", path: "w", type: { dtype: "f32", shape: [8, 2] } });
  const narrow = build.add(product, small.input("x", [4, 8]), weight);
  const y = build.add({ op: "exp" }, build.add({ op: "tanh" }, narrow));
  const step = differentiate(small.program({ loss: small.total(y) }, "step"), new Set(["w"]));
  const again = recomputeLayers(step);
  expect(count(again, "tanh")).toBe(2 * count(step, "tanh"));
  expect(count(again, "matmul")).toBe(count(step, "matmul"));
  expectSameValues(step, again);
});
