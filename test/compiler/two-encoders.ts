import { type Compiled, compileSpec, type Plan } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/test.vlm";
const library = new SpecLibrary("specs/std", path);

/**
 * A model that compiles in a few milliseconds and has what selectors can name: `image` with two stages of three layers whose keys
 * and values are one projection, `text` with four layers, a head, and a parameter of the model's own.
 */
const model = `
import "std/bert"
import "std/heads"
import "std/ia3"
import "std/linear"
import "std/lora"
import "std/roles"

module mixer(dim: int) {
  part to_q = linear(dim, dim, bias = false) as attn.q
  part to_kv = linear(2 * dim, dim, bias = false) as attn.kv
  param scale: f32[dim] = ones as attn.o

  forward(x: f32[batch, n, dim]) {
    let [k, v] = split(to_kv(x), 2, axis = -1)
    return (to_q(x) * k + v) * scale
  }
}

module block(dim: int) {
  part attention = mixer(dim)
  part last = linear(dim, dim)

  forward(x: f32[batch, n, dim]) {
    return last(attention(x))
  }
}

module stage(dim: int, depth: int) {
  part layers = repeat depth block(dim)

  forward(x: f32[batch, n, dim]) {
    let y = x
    for layer in layers {
      y = layer(y)
    }
    return y
  }
}

module viewer(dim: int) {
  part first = stage(dim, 3)
  part second = stage(dim, 3)
  buffer seen: f32[dim]

  forward(volume: f32[batch, 2, dim]) {
    return second(first(volume)) + seen
  }
}

model m {
  encoder image = viewer(dim = 4) named "viewer"
  encoder text = bert(vocab = 10, dim = 8, layers = 4, heads = 2, ff = 16, positions = 4)
  let latent = text.hidden |> cls |> linear(4, bias = false)
  param temperature: f32[] = ones
`;

/** The model with further rules, and where in the text these begin. */
export function compiledWith(rules: string): Compiled & { readonly text: string } {
  const text = `${model}${rules}\n}\n`;
  return { ...compileSpec(createSource(path, text), library), text };
}

/** What is wrong with rules: each with its code, what it points at, and what is said to help. */
export function problemsOf(rules: string): readonly (readonly [string, string, string, string | null])[] {
  const { diagnostics, text } = compiledWith(rules);
  return diagnostics.map(({ code, span, message, help }) => [
    code,
    span === null ? "" : text.slice(span.start, span.end),
    message,
    help ?? null,
  ]);
}

export function planWith(rules: string): Plan {
  const { plan, diagnostics } = compiledWith(rules);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (plan === null || errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  return plan;
}
