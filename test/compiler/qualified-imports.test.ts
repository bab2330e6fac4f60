import { describe, expect, test } from "vitest";
import { compileSpec, expandSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { libraryOf } from "./memory-library.ts";

/** A file that declares what the library does, by the same names. */
const mine = `import "std/linear" as std
import "std/roles"

roles attn { own }

function cls(x) {
  return mean(x, axis = 1)
}

module linear(outputs: int, inputs: int = infer) {
  part inner = std.linear(outputs, inputs) as attn.own

  forward(x: f32[..., inputs]) {
    return inner(x)
  }
}

adapter lora(rank: int) wraps base: std.linear {
  param down: f32[rank, base.inputs] = ones

  forward(x: f32[..., base.inputs]) {
    return base(x) + 0 * sum(matmul(x, down, transpose_b = true))
  }
}
`;

const spec = `import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/linear"
import "std/lora"
import "./mine" as mine

model m {
  encoder text = bert(vocab = 10, dim = 8, layers = 1, heads = 2, ff = 16, positions = 4)
  part more = mine.linear(8, 8)
  let latent = more(mine.cls(text.hidden)) |> mine.linear(4) |> l2_normalize
  freeze text, more, heads.*
  lora(rank = 2) on text.attn.q
  mine.lora(rank = 3) also on text.attn.q, more.attn.own
  loss contrastive(latent, latent)
}
`;

function compiled(text: string, set: readonly string[] = []) {
  const { plan, diagnostics } = compileSpec(
    createSource("main.vlm", text),
    libraryOf({ "mine.vlm": mine, "spec.vlm": spec }),
    { set },
  );
  const errors = diagnostics.flatMap(({ code, severity, help }) => (severity === "error" ? [[code, help]] : []));
  const shapes = plan?.parameters.flatMap(({ path, shape, ofAdapter }) => (ofAdapter ? [[path, shape[0]]] : []));
  return { errors, shapes };
}

describe("an import with a name of its own", () => {
  test("has its modules, functions and adapters behind a dot, beside others of the same names", () => {
    expect(compiled(spec)).toEqual({
      errors: [],
      shapes: [
        ["text.layers[0].attention.q.lora.down", 2],
        ["text.layers[0].attention.q.lora.up", 8],
        ["text.layers[0].attention.q.lora[1].down", 3],
        ["more.inner.lora.down", 3],
      ],
    });
  });

  test.each<[string, string, string, string | null]>([
    [" as mine", "", "E302", 'write `import "./mine" as NAME`, and `NAME.cls` for this one'],
    ["mine.linear(8", "mine.linaer(8", "E301", "did you mean `mine.linear`?"],
    ["mine.cls", "mine.clss", "E401", "did you mean `mine.cls`?"],
    ["mine.linear(8, 8)", "mine.lora(8, 8)", "E301", null],
    ["mine.linear(8, 8)", "mine.linear(8, size = 8)", "E303", null],
    ["mine.linear(8, 8)", "mien.linear(8, 8)", "E401", "did you mean `min` or `mine`?"],
    ["mine.cls(text.hidden)", "mine(text.hidden)", "E402", null],
    ["part more", "part mine", "E302", null],
    ["model m", "let mine = 3\n\nmodel m", "E302", null],
  ])("%s as %s is %s", (from, to, code, help) => {
    expect(compiled(spec.replace(from, to)).errors[0]).toEqual([code, help]);
  });

  test("is reached by assignments and removals by what its adapter is called", () => {
    expect(compiled(spec, ["model.lora.rank = 1"]).shapes?.map(([, rank]) => rank)).toEqual([1, 8, 1, 1]);
    const variant = 'import "./spec" as s\n\nmodel n amends m {\n  remove lora\n}\n';
    expect(compiled(variant)).toEqual({ errors: [], shapes: [] });
  });

  test("keeps its name where a variant is written as a whole", () => {
    const variant = 'import "./spec"\n\nmodel n amends m {\n  mine.lora(rank = 1) on text.attn.q\n}\n';
    const library = libraryOf({ "mine.vlm": mine, "spec.vlm": spec });
    const { text } = expandSpec(createSource("main.vlm", variant), library);
    expect(text).toContain('import "./mine" as mine\n');
    expect(compiled(text ?? "")).toEqual(compiled(variant));
  });
});
