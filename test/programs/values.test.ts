import fc from "fast-check";
import { expect, test } from "vitest";
import { nameOf, type ProgramValue, roleOf, valueNamed } from "../../compiler/index.ts";

const path = fc.stringMatching(/^[a-z_]{1,8}(\[\d\])?(\.[a-z_]{1,8}){0,3}$/);
const index = fc.nat(100);
const value: fc.Arbitrary<ProgramValue> = fc.oneof(
  path.map((name) => ({ kind: "named" as const, name })),
  path.map((parameter) => ({ kind: "gradient" as const, parameter })),
  path.map((parameter) => ({ kind: "gradient-sum" as const, parameter })),
  fc
    .tuple(fc.constantFrom("mean" as const, "square" as const, "velocity" as const), path)
    .map(([slot, parameter]) => ({ kind: "slot" as const, slot, parameter })),
  index.map((at) => ({ kind: "embedding" as const, index: at })),
  index.map((at) => ({ kind: "embedding-gradient" as const, index: at })),
  index.map((at) => ({ kind: "feature" as const, index: at })),
  path.map((name) => ({ kind: "next" as const, of: `mean:${name}` })),
);

test("every value is found again by its name", () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(valueNamed(nameOf(each))).toEqual(each);
    }),
  );
});

test("names are those of checkpoints and models that are there already", () => {
  expect(nameOf({ kind: "slot", slot: "mean", parameter: "a.w" })).toBe("mean:a.w");
  expect(nameOf({ kind: "gradient", parameter: "a.w" })).toBe("gradient:a.w");
  expect(nameOf({ kind: "gradient-sum", parameter: "a.w" })).toBe("sum:a.w");
  expect(nameOf({ kind: "next", of: "mean:a.w" })).toBe("next:mean:a.w");
  expect(nameOf({ kind: "embedding-gradient", index: 2 })).toBe("embedding_gradient:2");
});

test("what is computed once, or merged, is named and changes with nothing", () => {
  for (const name of ["once:0", "once:forward:3", "vision.weight:merged", "loss"]) {
    expect(valueNamed(name)).toEqual({ kind: "named", name });
    expect(roleOf(name, new Set(["vision.weight", "forward:3"]))).toBe("frozen");
  }
  expect(roleOf("square:vision.weight", new Set(["vision.weight"]))).toBe("state");
  expect(roleOf("vision.weight", new Set(["vision.weight"]))).toBe("trainable");
});
