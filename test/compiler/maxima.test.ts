import { expect, test } from "vitest";
import { compileSpec, printType } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** The type of an expression of `x: f32[2, 3]`, or what is wrong with it. */
function typeOf(expression: string): string {
  const text = `
    module m() {
      forward(x: f32[batch, 3]) {
        let found = ${expression}
        return found
      }
    }
    model example { encoder e = m() }
    train { batch = 2 }
  `;
  const path = "specs/maxima.vlm";
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  const found = spec?.named.get("e.found");
  return found === undefined
    ? diagnostics.map(({ code, help }) => `${code} ${help}`).join(", ")
    : printType(found.type);
}

const ambiguous =
  "E404 write `max(x, axis = 0)` for the largest along an axis, and `maximum(x, 0)` for the larger of two values";

test.each([
  ["max(x)", "f32[]"],
  ["max(x, axis = 0)", "f32[3]"],
  ["max(x, axis = [0, -1], keep = true)", "f32[1, 1]"],
  ["x |> max(axis = 0)", "f32[3]"],
  ["maximum(x, 0)", "f32[2, 3]"],
  ["x * max(1, 2) - min(3, 4)", "f32[2, 3]"],
  ["max(x, 0)", ambiguous],
  ["max(x, 0, true)", ambiguous],
  ["x |> max(0)", ambiguous],
  ["max(0, x)", ambiguous],
  ["max(x, x)", ambiguous],
  ["min(x, axis = 0)", "f32[3]"],
  [
    "min(x, 6)",
    "E404 write `min(x, axis = 0)` for the smallest along an axis, and `minimum(x, 0)` for the smaller of two values",
  ],
])("%s is %s", (expression, type) => {
  expect(typeOf(expression)).toBe(type);
});
