import { expect, test } from "vitest";
import { checkSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** The codes of what is wrong with a model whose module has these statements before its `return`, and where each stands. */
function mistakesOf(statements: readonly string[]): readonly string[] {
  const text = `
    module twice(dim) {
      param weight: f32[dim] = ones
      forward(x: f32[batch, dim]) {
        ${statements.join("\n")}
        return x * weight
      }
    }
    model example {
      encoder a = twice(3)
      encoder b = twice(3)
      loss mean(a) + mean(b)
    }`;
  const source = createSource("example.vlm", text);
  return checkSpec(source, new SpecLibrary("specs/std", "example.vlm")).map(({ code, span }) =>
    span === null ? code : `${code} ${text.slice(span.start, span.end)}`,
  );
}

test.each([
  ["what does not depend on a mistake", ["let a = missing", "let b = absent"], ["E401 missing", "E401 absent"]],
  ["nothing that does", ["let a = missing", "let b = a + 1", "let c = b * a"], ["E401 missing"]],
  [
    "nothing after what a loop leaves unknown",
    ["let a = 1", "for i in nothing {", "a = a + 1", "}", "let b = a * x"],
    ["E401 nothing"],
  ],
  ["a statement in a loop once", ["let a = x", "for i in 0..3 {", "a = a + absent", "}"], ["E401 absent"]],
  ["no sizes that the type of a mistake names", ["let a: f32[n, m] = missing", "let b = n + m"], ["E401 missing"]],
  ["nothing after a requirement that fails", ['require dim > 9, "dim is large"', "let a = missing"], ["E406 dim > 9"]],
])("reports %s", (_, statements, expected) => {
  expect(mistakesOf(statements)).toEqual(expected);
});

test("twenty mistakes are reported, and that there are more", () => {
  const statements = Array.from({ length: 25 }, (_, index) => `let a${index} = missing${index}`);
  const mistakes = mistakesOf(statements);
  expect(mistakes).toHaveLength(21);
  expect(mistakes[20]).toBe("E108 missing20");
});
