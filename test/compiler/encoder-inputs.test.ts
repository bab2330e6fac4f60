import { describe, expect, test } from "vitest";
import { buildForward, compileSpec, inputsOf, nodesOf, stepPrograms } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const modules = `
import "std/linear"

module source(dim: int) {
  part up = linear(dim, dim)

  forward(x: f32[batch, dim]) {
    let wide = up(x)
    return wide
  }
}

module joined(dim: int) {
  part first = linear(dim, dim)
  part second = linear(dim, dim)

  forward(one: f32[batch, dim], other: f32[batch, dim]) {
    let joint = first(one) * second(other)
    return joint
  }
}
`;

function compiled(members: string) {
  const text = `${modules}
model m {
  encoder a = source(4)
  ${members}
}

train { batch = 4, micro_batch = 2 }
`;
  return compileSpec(createSource("specs/m.vlm", text), new SpecLibrary("specs/std", "specs/m.vlm"));
}

describe("an encoder that takes what others compute", () => {
  test("has what is not given as an input of the model", () => {
    const { spec, diagnostics } = compiled("encoder b = joined(4, one = a.wide)\n  loss mean(b.joint)");
    expect(diagnostics).toEqual([]);
    if (spec === null) throw new Error("the spec compiles");
    const inputs = inputsOf(buildForward(spec, [])).map(({ name }) => name);
    expect(inputs.toSorted()).toEqual(["other", "x"]);
  });

  test("takes an encoder's output, a let and an expression, and reads them in the graph", () => {
    const { spec, plan, diagnostics } = compiled(
      "let twice = 2 * a.wide\n  encoder b = joined(dim = 4, one = a, other = twice + 1)\n  loss mean(b.joint)",
    );
    expect(diagnostics).toEqual([]);
    if (spec === null) throw new Error("the spec compiles");
    expect(inputsOf(buildForward(spec, [])).map(({ name }) => name)).toEqual(["x"]);
    expect(plan?.components.map(({ name, parameters }) => [name, parameters])).toEqual([
      ["a", 20],
      ["b", 40],
    ]);
    // Its rows follow from those of the batch, so that it is cut with them.
    const programs = stepPrograms(spec);
    expect(programs?.map(({ name }) => name)).toEqual(["embed", "compare", "backpropagate", "update"]);
    const embedded = (programs ?? []).slice(0, 1).flatMap(nodesOf);
    expect(embedded.some(({ origin }) => origin.path.startsWith("b."))).toBe(true);
  });

  test("is refused what it has no parameter for, and a value of another shape", () => {
    const keys = (members: string) => compiled(members).diagnostics.map(({ key }) => key);
    expect(keys("encoder b = joined(4, ones = a.wide)")).toEqual(["unknown-argument"]);
    expect(keys("encoder b = joined(5, one = a.wide)")).toEqual(["shape-mismatch"]);
    expect(keys("encoder b = joined(4, one = c.wide)\n  encoder c = source(4)")).toEqual(["not-run-yet"]);
    expect(keys("part b = joined(4, one = a.wide)")).toEqual(["unknown-argument"]);
  });
});
