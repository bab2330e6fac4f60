import { expect, test } from "vitest";
import { at } from "../../compiler/at.ts";
import { compileSpec, type TensorData } from "../../compiler/index.ts";
import { Builder, evaluate } from "../../compiler/ir/index.ts";
import { gradientsOf } from "../../compiler/passes/reverse-mode.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";

const path = "specs/whitening.vlm";
const text = `
import "std/matrix"

module whitening() {
  forward(x: f32[batch, 5, 3]) {
    let covariance = matmul(x, x, transpose_a = true) / 5 + 0.001 * eye(3)
    let root = inverse_sqrt(covariance)
    let whole = einsum("bij,bjk,bkl->bil", root, covariance, root)
    return root
  }
}

model example {
  encoder e = whitening()
}

train {
  batch = 2
}
`;

const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));

function drawn(seed: number): Map<string, TensorData> {
  const numbers = new Random(seed);
  const data = Float64Array.from({ length: 30 }, () => numbers.below(4001) / 1000 - 2);
  return new Map([["x", { type: { dtype: "f32", shape: [2, 5, 3] }, data }]]);
}

test("the inverse square root of a covariance makes it the identity on both sides", () => {
  expect(diagnostics).toEqual([]);
  const whole = spec?.named.get("e.whole");
  if (whole === undefined) throw new Error("the spec compiles");
  const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  for (let seed = 1; seed <= 20; seed++) {
    const found = evaluate([whole], { inputs: drawn(seed), parameters: new Map() }, "f64").get(whole)?.data ?? [];
    expect(found.length).toBe(18);
    for (const [place, value] of found.entries()) expect(value).toBeCloseTo(at(identity, place % 9), 9);
  }
});

test("its gradient agrees with central differences in f64", () => {
  const root = spec?.named.get("e.root");
  const x = spec?.graph.nodes.find(({ operation }) => operation.op === "input");
  if (spec === null || root === undefined || x === undefined) throw new Error("the spec compiles");
  const build = new Builder(spec.graph, root.origin);
  const places = build.reshape(build.add({ op: "cast", dtype: "f32" }, build.add({ op: "iota", size: 18 })), [2, 3, 3]);
  const loss = build.sum(build.mul(root, build.add({ op: "sin" }, places)), [0, 1, 2], false);
  const gradient = gradientsOf(spec.graph, loss, new Set([x])).get(x);
  if (gradient === undefined) throw new Error("the loss depends on it");
  const inputs = drawn(3);
  const values = inputs.get("x")?.data ?? new Float64Array();
  const lossNow = (): number =>
    evaluate([loss], { inputs, parameters: new Map() }, "f64").get(loss)?.data[0] ?? Number.NaN;
  const found = evaluate([gradient], { inputs, parameters: new Map() }, "f64").get(gradient)?.data ?? [];
  for (const [place, before] of values.entries()) {
    values[place] = before + 1e-5;
    const above = lossNow();
    values[place] = before - 1e-5;
    const slope = (above - lossNow()) / 2e-5;
    values[place] = before;
    expect(Math.abs((found[place] ?? Number.NaN) - slope)).toBeLessThan(1e-6 * Math.max(1, Math.abs(slope)));
  }
});
