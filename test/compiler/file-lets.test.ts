import { describe, expect, test } from "vitest";
import { compileSpec, expandSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { libraryOf } from "./memory-library.ts";

const base = `import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/linear"
import "std/lora"

let r = 2
let width = doubled(2 * r)
let names = ["a", "b"]

function doubled(x) {
  return 2 * x
}

function offset(x) {
  return x + r
}

module scaled(dim: int) {
  param gain: f32[r] = ones
  forward(x: f32[batch, dim]) {
    return x * r + mean(gain)
  }
}

model m {
  encoder text = bert(vocab = 10, dim = width, layers = 4, heads = 2, ff = 16, positions = 4)
  part scale = scaled(width)
  let latent = scale(cls(text.hidden)) |> l2_normalize
  freeze text
  lora(rank = r) on text.attn.q
  loss contrastive(latent, latent)
}

train {
  batch = 2 * r
  micro_batch = r
  memory = offset(0) * 1GB
}
`;

function compiled(text: string, set: readonly string[] = [], files: Readonly<Record<string, string>> = {}) {
  const { plan, spec, diagnostics } = compileSpec(createSource("spec.vlm", text), libraryOf(files), { set });
  const size = (path: string) => plan?.parameters.find((each) => each.path === path)?.shape[0];
  return {
    codes: diagnostics.map(({ code }) => code),
    batch: spec?.settings.batch,
    bytes: spec?.settings.memory?.bytes,
    rank: size("text.layers[0].attention.q.lora.down"),
    gain: size("scale.gain"),
    width: size("text.pooler.weight"),
  };
}

describe("a let of a file", () => {
  test("is known to models, settings, placements, modules and functions of the file", () => {
    const gib = 1024 ** 3;
    expect(compiled(base)).toEqual({ codes: [], batch: 4, bytes: 2 * gib, rank: 2, gain: 2, width: 8 });
  });

  test("is assigned by its name, and everything follows", () => {
    const { codes, ...sizes } = compiled(base, ["r = 4"]);
    expect(codes).toEqual([]);
    expect(sizes).toMatchObject({ batch: 8, rank: 4, gain: 4, width: 16 });
    expect(compiled(base, ["model.r = 4"]).codes).toEqual(["E801"]);
    expect(compiled(base, ["s = 4"]).codes).toEqual(["E801"]);
    expect(compiled(base, ["r.x = 4"]).codes).toEqual(["E801"]);
  });

  test("that is assigned leaves expectations of the model unchecked, as a let of the model does", () => {
    const expecting = base.replace("  freeze text", "  expect trainable = 130\n  freeze text");
    expect(compiled(expecting).codes).toEqual([]);
    expect(compiled(expecting, ["r = 4"]).codes).toEqual(["E802"]);
  });

  test("is not known to those that import its file", () => {
    const other = base.replace("let r = 2", 'import "./other"\nlet r = s');
    expect(compiled(other, [], { "other.vlm": "let s = 2\n" }).codes).toEqual(["E401"]);
  });

  test("of an imported file holds for its own declarations", () => {
    const parts = "let r = 3\nfunction tripled(x) {\n  return r * x\n}\n";
    const text = base
      .replace("let r = 2", 'import "./parts"\nlet r = 2')
      .replace("lora(rank = r)", "lora(rank = tripled(1))");
    expect(compiled(text, [], { "parts.vlm": parts })).toMatchObject({ codes: [], rank: 3, gain: 2 });
  });

  test.each<[string, string, readonly string[]]>([
    ["two of a name", "let r = 3", ["E302"]],
    ["one with a function's name", "let doubled = 3", ["E302"]],
    ["one with an imported name", "let bert = 3", ["E302"]],
    ["one with the name of a member of the model", "let latent = 3", ["E302"]],
    ["one of a tensor", "let t = ones([2])", ["E403"]],
    ["one of a module", "let t = 3 |> linear(2)", ["E416"]],
    ["one of a later one", "let a = b\nlet b = 3", ["E401"]],
    ["one that calls itself", "let f = x => f(x)\nlet y = f(1)", ["E410"]],
    ["one of all kinds", 'let a = [1, "b", true, none]\nlet f = doubled\nlet g = x => f(x)\nlet h = g(2)', []],
  ])("%s", (_, added, expected) => {
    expect(compiled(base.replace("model m {", `${added}\n\nmodel m {`)).codes).toEqual(expected);
  });
});

describe("in a variant", () => {
  const variant = (rest: string) => `import "./base"\n${rest}\nmodel n amends m {}\n`;
  const files = { "base.vlm": base };

  test.each<[string, string, Readonly<Record<string, number>>]>([
    ["lets of the base are known", "train amends {\n  batch = 6 * r\n}", { batch: 12, rank: 2, gain: 2 }],
    [
      "a let takes the place of the base's, in its settings, model and modules",
      "let r = 4",
      { batch: 8, rank: 4, gain: 4, width: 16 },
    ],
    ["a new let stands before the one that it makes", "let k = 1\nlet r = k + 3", { batch: 8, rank: 4, gain: 4 }],
  ])("%s", (_, rest, expected) => {
    const text = variant(rest);
    expect(compiled(text, [], files)).toMatchObject({ codes: [], ...expected });
    const whole = expandSpec(createSource("spec.vlm", text), libraryOf(files));
    expect(whole.diagnostics).toEqual([]);
    expect(compiled(whole.text ?? "", [], {})).toEqual(compiled(text, [], files));
  });

  test("a let is assigned by its name, wherever it is written", () => {
    expect(compiled(variant(""), ["r = 4"], files)).toMatchObject({ codes: [], batch: 8, rank: 4, gain: 4 });
  });
});
