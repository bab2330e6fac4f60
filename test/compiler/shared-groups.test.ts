import { describe, expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource, formatSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const adapter = `import "std/linear"

adapter paired(rank: int, number: int = placement_number(), count: int = len(placements())) wraps base: linear {
  shared(number // 2) param up: f32[9, rank] = zeros
  param down: f32[rank, base.inputs] = uniform(1)
  let last = count - 1

  forward(x: f32[..., base.inputs]) {
    return base(x) + matmul(matmul(x, down, transpose_b = true), up, transpose_b = true) * (last - number)
  }
}

module trio(dim: int) {
  part first = linear(dim, dim)
  part second = linear(dim, dim)
  part third = linear(dim, dim)

  forward(x: f32[batch, dim]) {
    let y = third(second(first(x)))
    return y
  }
}
`;

function compiled(members: string) {
  const text = `${adapter}
model m {
  encoder e = trio(dim = 9)
  freeze e
  ${members}
  loss mean(e.y * e.y)
}

train { batch = 3 }
`;
  return compileSpec(createSource("specs/m.vlm", text), new SpecLibrary("specs/std", "specs/m.vlm"));
}

function planOf(members: string) {
  const { spec, plan, diagnostics } = compiled(members);
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  if (spec === null || plan === null) throw new Error("the spec compiles");
  return { spec, plan };
}

function sharedIn(members: string): readonly string[] {
  return planOf(members)
    .plan.parameters.flatMap(({ path, checkpoint }) => (path.startsWith("shared.") ? [`${path} ${checkpoint}`] : []))
    .toSorted();
}

const two = ["shared.paired.up[0] paired.up.0", "shared.paired.up[1] paired.up.1"];

describe("groups of placements", () => {
  test("share a tensor each, which counts once", () => {
    const { plan } = planOf("paired(rank = 2) on e.first, e.second, e.third");
    expect(sharedIn("paired(rank = 2) on e.first, e.second, e.third")).toEqual(two);
    expect(plan.totals.trainable).toBe(2 * 18 + 3 * 18);
  });

  test("follow the order of the model, whatever that of the lines is", () => {
    const lines = ["paired(rank = 2) on e.third", "paired(rank = 2) on e.first", "paired(rank = 2) on e.second"];
    expect(sharedIn(lines.join("\n  "))).toEqual(two);
    const { graph } = planOf(lines.join("\n  ")).spec;
    const readBy = (name: string): readonly string[] => [
      ...new Set(
        graph.nodes.flatMap(({ inputs, origin }) =>
          inputs.some(({ operation }) => operation.op === "parameter" && operation.path === `shared.paired.up[${name}]`)
            ? [origin.path]
            : [],
        ),
      ),
    ];
    expect(readBy("0").toSorted()).toEqual(["e.first.paired", "e.second.paired"]);
    expect(readBy("1")).toEqual(["e.third.paired"]);
  });

  test("count only what the adapter is on", () => {
    expect(sharedIn("paired(rank = 2) on e.* except e.first")).toEqual([two[0]]);
    expect(sharedIn("paired(rank = 2) on e.first\n  paired(rank = 2) also on e.first, e.third")).toEqual(two);
  });

  test("may be said by the placement", () => {
    expect(sharedIn("paired(rank = 2, number = 8) on e.first")).toEqual(["shared.paired.up[4] paired.up.4"]);
  });

  test("are frozen and grouped by their numbers", () => {
    const { plan } = planOf("paired(rank = 2) on e.first, e.second, e.third\n  freeze shared.paired.up[1]");
    expect(plan.totals.trainable).toBe(18 + 3 * 18);
  });

  test("have a number from 0 up", () => {
    const { diagnostics } = compiled("paired(rank = 2, number = -2) on e.first");
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "E403 the group that shares it must be a whole number from 0 up, but is -1",
    ]);
  });

  test("refuse ranks that differ within one", () => {
    const { diagnostics } = compiled("paired(rank = 1) on e.first\n  paired(rank = 2) on e.second");
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "E437 `up` of group 0 is f32[9, 1] = zeros in one placement and f32[9, 2] = zeros in another",
    ]);
  });

  test("are formatted as they are written", () => {
    const source = createSource("m.vlm", adapter.replace("shared(number // 2) param", "shared ( number//2 )param"));
    expect(formatSource(source)).toMatchObject({ text: adapter });
  });
});
