import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { libraryOf } from "./memory-library.ts";

const gated = `import "std/linear"
import "std/roles"

roles attn { gate, all = gate + q + k + v + o }
roles mixer { inner, outer }

module gated(dim: int) {
  part g = linear(dim, dim) as attn.gate
  part q = linear(dim, dim) as attn.q
  part m = linear(dim, dim) as mixer.inner

  forward(x: f32[batch, dim]) {
    return m(q(x) * g(x))
  }
}
`;

/** A third file with a family of the same name that it declares by itself. */
const own = `import "std/linear"

roles attn { q, kv = v + k, k, v }

module own(dim: int) {
  part to_kv = linear(dim, dim) as attn.kv

  forward(x: f32[batch, dim]) {
    return to_kv(x)
  }
}
`;

function adaptedBy(selectors: string, files: Readonly<Record<string, string>> = {}) {
  const text = `import "std/bert"
import "std/heads"
import "std/lora"
import "./gated"
import "./own"

model m {
  encoder text = bert(vocab = 10, dim = 8, layers = 1, heads = 2, ff = 16, positions = 4)
  part top = gated(8)
  part side = own(8)
  let latent = side(top(cls(text.hidden)))
  freeze text, top, side
  lora(rank = 2) on ${selectors}
}
`;
  const library = libraryOf({ "gated.vlm": gated, "own.vlm": own, ...files });
  const { plan, diagnostics } = compileSpec(createSource("spec.vlm", text), library);
  const errors = diagnostics.flatMap(({ code, severity }) => (severity === "error" ? [code] : []));
  const adapters = plan?.placements.flatMap((placement) => placement.adapters.map(({ path }) => path)) ?? [];
  return errors.length > 0 ? errors : adapters;
}

test.each<[string, readonly string[]]>([
  ["top.attn.gate", ["top.g.lora"]],
  ["top.attn.all", ["top.g.lora", "top.q.lora"]],
  ["text.attn.all", ["q", "k", "v", "out"].map((name) => `text.layers[0].attention.${name}.lora`)],
  ["top.attn.qkv", ["top.q.lora"]],
  ["side.attn.kv, side.attn.k", ["side.to_kv.lora"]],
  ["top.mixer.inner", ["top.m.lora"]],
  ["*.attn.q", ["text.layers[0].attention.q.lora", "top.q.lora"]],
  ["text.attn.gate", ["E501"]],
  ["top.attn.gates", ["E505"]],
  ["side.attn.v", ["E504"]],
])("%s", (selectors, expected) => {
  expect(adaptedBy(selectors)).toEqual(expected);
});

test("a file tags with the roles that it declares or imports alone", () => {
  const tagged = own.replace("as attn.kv", "as attn.gate");
  expect(adaptedBy("top.attn.gate", { "own.vlm": tagged })).toEqual(["E505"]);
});

test("a role has one meaning", () => {
  expect(adaptedBy("top.attn.q", { "own.vlm": own.replace("kv = v + k", "kv") })).toEqual(["E520"]);
});
