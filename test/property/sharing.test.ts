import { expect, test } from "vitest";
import {
  buildForward,
  compileSpec,
  emitModel,
  inputsOf,
  optimise,
  type Program,
  type TracedSpec,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** Each level uses the one before it twice: what follows every way back, instead of visiting a value once, never ends. */
const levels = 200;

/** A module that runs a body on `x` and `w`, in a model that has no adapters. */
function compileBody(body: string) {
  const path = "specs/shared.vlm";
  const text = `
    module m(dim: int) {
      param w: f32[dim, dim] = normal(1)
      forward(x: f32[batch, dim], ids: i32[batch, dim]) {
        ${body}
      }
    }
    model example {
      encoder e = m(4)
      freeze e
    }
    train { batch = 2 }
  `;
  return compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
}

function specOf(body: string) {
  const { spec, diagnostics } = compileBody(body);
  if (spec === null) throw new Error(diagnostics.map(({ message }) => message).join(", "));
  return spec;
}

test("a list that holds another one twice, level after level, is shown in a message by its first two levels", () => {
  const { diagnostics } = compileBody(`let a = [1, 2]
        repeat ${levels} { a = [a, a] }
        return x + a`);
  const shown = "[[a list of 2, a list of 2], [a list of 2, a list of 2]]";
  expect(diagnostics.map(({ message }) => message)).toEqual([`an operand of \`+\` must be a tensor, but is ${shown}`]);
});

test("lists that share lists are compared, and the last element counts", () => {
  const outcome = (last: number) => {
    const lists = `let a = [1, 2]
        let b = [1, ${last}]
        repeat ${levels} {
          a = [a, a]
          b = [b, b]
        }`;
    const { diagnostics } = compileBody(`${lists}
        require a == b, "they differ"
        return x`);
    return diagnostics.map(({ message }) => message);
  };
  expect(outcome(2)).toEqual([]);
  expect(outcome(3)).toEqual(["they differ"]);
});

/** A program that gives what the module returns. */
function programOf(spec: TracedSpec): Program {
  const value = spec.named.get("e.return");
  if (value === undefined) throw new Error("the module returns a value");
  return { ...buildForward(spec, []), outputs: new Map([["value", value]]) };
}

test("the limit of an input's numbers is found through values that have its elements again and again", () => {
  const spec = specOf(`let moved = ids
        repeat ${levels} { moved = concat([moved, moved], axis = 1) |> slice(axis = 1, from = 2, to = 6) }
        return x + sum(gather(w, moved))`);
  const ids = inputsOf(programOf(spec)).find(({ name }) => name === "ids");
  expect(ids?.values).toEqual({ kind: "below", limit: 4 });
});

test("a frozen value that is used twice at each level is computed once for TensorFlow", () => {
  const spec = specOf(`let q = w
        repeat ${levels} { q = q * q - q }
        return matmul(x, q) + cast(sum(ids), f32)`);
  const { trainable, parameters } = spec;
  const settings = { parameters, seed: 0, trainable, bf16Products: "native" as const };
  const { model } = emitModel([optimise(programOf(spec), spec)], settings);
  const prepared = model.nodes.filter(({ name, op }) => name.startsWith("prepare") && op === "Sub");
  expect(prepared).toHaveLength(levels);
});
