import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const library = new SpecLibrary("specs/std", "specs/constants.vlm");

function compiled(members: string, settings: string) {
  const imports = ["bert", "contrastive", "heads", "lora"].map((name) => `import "std/${name}"\n`).join("");
  const text = `${imports}
function twice(x) {
  return 2 * x
}
model m {
  let width = 32
  let ranks = [2, 4]
  let r = max(ranks[0], 4) * 2
  encoder text = bert(vocab = 200, dim = width, layers = 2, heads = 4, ff = 2 * width, positions = 16)
  let latent = text.hidden |> cls |> l2_normalize
  freeze text
  loss contrastive(latent, latent)
  ${members}
}
${settings}
`;
  const { plan, spec, diagnostics } = compileSpec(createSource("m.vlm", text), library);
  return { plan, spec, said: diagnostics.map(({ code, message, notes }) => [code, message, ...notes].join(" ")) };
}

test("placements and expectations are computed from lets, and from encoders' arguments", () => {
  const { plan, said } = compiled(
    `lora(rank = r // 2, alpha = twice(r)) on text.attn.q
  lora(rank = text.heads) on text.attn.v
  expect trainable = 2 * 2 * r * width`,
    "",
  );
  expect(said).toEqual([]);
  expect(plan?.expectations.map(({ holds }) => holds)).toEqual([true]);
  expect(plan?.totals.trainable).toBe(1024);
});

test("settings are computed", () => {
  const { spec, said } = compiled(
    "",
    `train {
  optimizer = adamw(lr = r * 1e-3, betas = [0.9, 1 - 0.5])
  schedule = constant(warmup = twice(r))
  batch = 2 * 4
  micro_batch = r / 2
  epochs = if r > 4 then 3 else 1
  clip_norm = sqrt(0.25)
}
data {
  window = [-250 * ranks[1], 1000]
  units = auto
}
eval {
  classes = ["a", "b"]
}`,
  );
  expect(said).toEqual([]);
  expect(spec?.settings).toMatchObject({
    ...{ learningRate: 8e-3, batch: 8, microBatch: 4, epochs: 3, clipNorm: 0.5 },
    ...{ optimizer: { betas: [0.9, 0.5] }, schedule: { kind: "constant", warmup: 16 } },
  });
  expect(spec?.data).toMatchObject({ window: [-1000, 1000], units: "auto" });
});

test.each([
  ["train { batch = 2 * s }", "E401 `s` is not known here"],
  ["train { epochs = r / 3 }", "E602 `epochs` must be a whole number above 0 it is 2.6666666666666665"],
  ["train { batch = latent }", "E602 `batch` must be a whole number above 0"],
  ["train { clip_norm = 1 / 0 }", "E420 1 / 0 is not a number"],
  // The name of a let is meant, not its value.
  ["eval { scale = r }", "E602 `scale` must be one number, f32[] `r` is not a tensor"],
])("%s is refused", (settings, message) => {
  expect(compiled("", settings).said).toEqual([message]);
});

test("words of a list of strings are columns, and nothing else has words", () => {
  const model = (columns: string) => `
import "std/bce"
model m {
  input labels: f32[batch, 3] = table(columns = ${columns})
  param logits: f32[1, 3] = zeros
  loss bce(logits, labels)
}`;
  const check = (columns: string) => compileSpec(createSource("m.vlm", model(columns)), library);
  expect(check('split_words(["8 8.51", " 10\\t", ""])').spec?.sources.get("labels")).toMatchObject({
    columns: ["8", "8.51", "10"],
  });
  for (const wrong of ["split_words([1])", 'split_words("8 9 10")']) {
    const { diagnostics } = check(wrong);
    expect(diagnostics.map(({ code, message }) => [code, message.slice(0, 29)])).toEqual([
      ["E602", "`columns` must be a list of d"],
    ]);
  }
});
