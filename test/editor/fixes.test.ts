import { expect, test } from "vitest";
import { opened } from "./open.ts";

const imports = ["bert", "contrastive", "heads", "lora", "vit"].map((name) => `import "std/${name}"\n`).join("");
const model = (rest: string, train = "") => `${imports}
model small {
  encoder vision = vit(size = 16, patch = 8, dim = 16, layers = 2, heads = 2, outputs = 8)
  encoder text = bert(vocab = 50, dim = 16, layers = 2, heads = 2, ff = 32, positions = 8, pooler = false)
  let picture = vision.latent |> l2_normalize
  let caption = text.hidden |> cls |> linear(8) |> l2_normalize
  ${rest}
  loss contrastive(picture, caption)
}

train {
  ${train}
}
`;
const placed = "lora(rank = 2) on text.attn.q";

/** What is wrong with a text after the first fix of its first diagnostic, and that fix. */
function mended(text: string) {
  const path = "specs/small.vlm";
  const [diagnostic] = opened(path, text).diagnostics;
  const fix = diagnostic?.fixes[0];
  if (fix === undefined) throw new Error(`no fix: ${diagnostic?.message}`);
  const { span } = fix;
  const after = text.slice(0, span.start) + fix.text + text.slice(span.end);
  return { title: fix.title, left: opened(path, after).diagnostics.map(({ message }) => message), after };
}

// `linear` is imported by none of the above.
const whole = (text: string) => text.replace('import "std/lora"', 'import "std/linear"\nimport "std/lora"');

test.each([
  ["a name", whole(model(placed).replace("vision.latent", "vison.latent")), "write `vision`"],
  ["a member", whole(model(placed).replace("vision.latent", "vision.latnt")), "write `latent`"],
  [
    "an argument",
    whole(model(placed).replace("patch = 8", "pach = 8, patch = 8"))
      .replace("pach = 8, ", "")
      .replace("rank = 2", "rnk = 2"),
    "write `rank`",
  ],
  ["a module", whole(model(placed).replace("= vit(", "= vitt(")), "write `vit`"],
  ["a setting", whole(model(placed, "bach = 4")), "write `batch`"],
  ["a setting's former name", whole(model(placed, "checkpoint = layers")), "write `recompute`"],
  ["quotes that are one too many", whole(model(placed, 'recompute = "layers"')), "write `layers`"],
  ["quotes that lack", whole(model(placed, "precision = bf16")), 'write `"bf16"`'],
  ["a second adapter", whole(model(`${placed}\n  ${placed}`)), "write `also on`"],
  ["an import", model(placed), 'add `import "std/linear"`'],
  [
    "an import in a file without one",
    "model m {\n  encoder vision = vit(size = 8, patch = 4, dim = 6, layers = 1, heads = 1, outputs = 2)\n}\n",
    'add `import "std/vit"`',
  ],
  ["a selector", whole(model("lora(rank = 2) on text.attn.qq")), "write `q`"],
  [
    "a role of a fused projection",
    whole(model("lora(rank = 2) on text.attn.q, vision.attn.v")),
    "write `vision.attn.qkv`",
  ],
])("the fix of %s", (_, text, title) => {
  const { title: found, left } = mended(text);
  expect(found).toBe(title);
  expect(left).toEqual([]);
});
