import { expect, test } from "vitest";
import { hoist, hoistLargest } from "../../compiler/passes/hoist.ts";
import { expectSameValues, expectUntouched, operationsOf, Small } from "./small-program.ts";

/** x (a b + tanh(trained)), of which `a` and `b` are frozen. */
function program(name = "forward") {
  const small = new Small();
  const frozen = small.product(small.parameter("a", [3, 2]), small.parameter("b", [2, 4]));
  const trained = small.add({ op: "tanh" }, small.parameter("trained", [3, 4]));
  const weight = small.add({ op: "add" }, frozen, trained);
  return small.program({ y: small.product(small.input("x", [5, 3]), weight) }, name);
}

test("what depends on frozen weights alone is computed once, and read as a parameter", () => {
  const before = program();
  const hoisted = hoist(before, new Set(["trained"]));
  expect([...hoisted.once.keys()]).toEqual(["once:0"]);
  expect(operationsOf(hoisted)).toEqual(["tanh", "add", "matmul"]);
  expectSameValues(before, hoisted);
});

test("where nothing is trained all but what is fed is computed once; a bare parameter is not worth it", () => {
  const before = program();
  const hoisted = hoist(before, new Set());
  expect(operationsOf(hoisted)).toEqual(["matmul"]);
  expectSameValues(before, hoisted);
  const small = new Small();
  const bare = small.program({ y: small.product(small.input("x", [5, 3]), small.parameter("a", [3, 2])) });
  expectUntouched(bare, hoist(bare, new Set()));
});

test("what an optimizer keeps, inputs and what training changes are computed in every run", () => {
  const small = new Small();
  const program = small.program({
    kept: small.add({ op: "exp" }, small.parameter("mean:trained", [2])),
    fed: small.add({ op: "exp" }, small.input("x", [2])),
    trained: small.add({ op: "exp" }, small.parameter("trained", [2])),
  });
  expectUntouched(program, hoist(program, new Set(["trained"])));
});

test("for a model that is written, only what takes long is computed before, under the program's name", () => {
  const before = program();
  expectUntouched(before, hoistLargest(before, new Set(["trained"])));
  const small = new Small();
  const large = small.product(small.parameter("a", [512, 512]), small.parameter("b", [512, 512]));
  const wanted = small.program({ y: small.product(small.input("x", [1, 512]), large) }, "encode_text");
  const hoisted = hoistLargest(wanted, new Set());
  expect([...hoisted.once.keys()]).toEqual(["once:encode_text:0"]);
  expect(operationsOf(hoisted)).toEqual(["matmul"]);
});

test("a small value that is used twice at each of many levels does not take long", () => {
  const small = new Small();
  let weight = small.parameter("a", [2, 2]);
  for (let level = 0; level < 100; level++) weight = small.add({ op: "mul" }, weight, weight);
  const before = small.program({ y: small.product(small.input("x", [1, 2]), weight) });
  expectUntouched(before, hoistLargest(before, new Set()));
});
