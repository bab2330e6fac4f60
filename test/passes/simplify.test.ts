import { expect, test } from "vitest";
import type { Node, Operation } from "../../compiler/ir/types.ts";
import { simplify } from "../../compiler/passes/simplify.ts";
import { expectSameValues, expectUntouched, operationsOf, Small } from "./small-program.ts";

/** What a value of x, [2, 3], comes to, as operations. */
function simplified(make: (small: Small, x: Node) => Node): readonly string[] {
  const small = new Small();
  const program = small.program({ y: make(small, small.input("x", [2, 3])) });
  const result = simplify(program);
  expectSameValues(program, result);
  return operationsOf(result);
}

const chain = (...operations: readonly Operation[]) =>
  simplified((small, x) => operations.reduce((value, operation) => small.add(operation, value), x));

test("what gives its input is left out", () => {
  for (const [op, neutral] of [
    ["add", 0],
    ["sub", 0],
    ["mul", 1],
    ["div", 1],
  ] as const) {
    expect([op, simplified((small, x) => small.add({ op }, x, small.number(neutral)))]).toEqual([op, []]);
  }
  expect(simplified((small, x) => small.add({ op: "mul" }, small.number(1), x))).toEqual([]);
  expect(chain({ op: "cast", dtype: "f32" })).toEqual([]);
  expect(chain({ op: "stop_gradient" })).toEqual([]);
  expect(chain({ op: "broadcast", shape: [2, 3] })).toEqual([]);
  expect(chain({ op: "slice", axis: 1, from: 0, to: 3 })).toEqual([]);
  expect(
    chain({
      op: "pad",
      amounts: [
        [0, 0],
        [0, 0],
      ],
    }),
  ).toEqual([]);
  expect(chain({ op: "transpose", permutation: [0, 1] })).toEqual([]);
});

test("operations that undo or continue one another are one or none", () => {
  const turn = { op: "transpose", permutation: [1, 0] } as const;
  expect(chain(turn, turn)).toEqual([]);
  expect(chain({ op: "reshape", shape: [6] }, { op: "reshape", shape: [3, 2] })).toEqual(["reshape"]);
  expect(chain({ op: "reshape", shape: [6] }, { op: "reshape", shape: [2, 3] })).toEqual([]);
  expect(chain({ op: "neg" }, { op: "neg" })).toEqual([]);
  const by = (small: Small, x: Node, factor: number) => small.add({ op: "mul" }, x, small.number(factor));
  expect(simplified((small, x) => by(small, by(small, x, 2), 3))).toEqual(["mul"]);
});

test("what is the same everywhere is computed now, and repeated as late as can be", () => {
  const small = new Small();
  const folded = small.add({ op: "add" }, small.number(2), small.add({ op: "exp" }, small.number(0)));
  const program = simplify(small.program({ folded: small.add({ op: "broadcast", shape: [4] }, folded) }));
  expect([...program.outputs.values()].map(({ operation }) => operation)).toEqual([
    { op: "constant", value: 3, type: { dtype: "f32", shape: [4] } },
  ]);
  const repeated = simplified((made, x) =>
    made.add({ op: "add" }, x, made.add({ op: "broadcast", shape: [2, 3] }, made.parameter("b", [3]))),
  );
  expect(repeated).toEqual(["add"]);
  const scaled = simplified((made) =>
    made.add({ op: "mul" }, made.add({ op: "broadcast", shape: [2, 3] }, made.parameter("b", [3])), made.number(2)),
  );
  expect(scaled).toEqual(["mul", "broadcast"]);
});

test("what changes a value, a type or a shape stays", () => {
  const small = new Small();
  const x = small.input("x", [2, 3]);
  const program = small.program({
    subtracted: small.add({ op: "sub" }, small.number(0), x),
    inverse: small.add({ op: "div" }, small.number(1), x),
    repeated: small.add({ op: "add" }, small.number(0), small.parameter("p", [])),
    larger: small.add({ op: "mul" }, small.parameter("v", [3]), small.add({ op: "mul" }, x, x)),
    cast: small.add({ op: "cast", dtype: "bf16" }, x),
    turned: small.add({ op: "transpose", permutation: [1, 0] }, x),
    infinite: small.add({ op: "log" }, small.number(0)),
    random: small.add({ op: "random_uniform", seed: 0, site: 0, shape: [2] }, small.input("step", [], "i32")),
  });
  const { outputs, ...rest } = program;
  const kept = new Map([...outputs].filter(([name]) => name !== "repeated"));
  expectUntouched({ ...rest, outputs: kept }, simplify({ ...rest, outputs: kept }));
});
