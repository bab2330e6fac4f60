import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec, defaultVolume, plainTokens, type VolumeSettings } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { type DataInputs, findDataInputs } from "../../runtime/data/data-inputs.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "test/train/tiny.vlm";
const tiny = readFileSync(path, "utf8");

/** What a spec's inputs are found to be; changes of the small one are pairs of what is there and what stands for it. */
function found(text: string, ...changes: readonly (readonly [string, string])[]) {
  let changed = text;
  for (const [from, to] of changes) {
    expect(changed).toContain(from);
    changed = changed.replace(from, to);
  }
  const { spec, diagnostics } = compileSpec(createSource(path, changed), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error(JSON.stringify(diagnostics));
  const inputs = findDataInputs(spec);
  return inputs.kind === "ok" ? inputs.value : inputs.problem;
}

function bound(inputs: ReturnType<typeof found>): DataInputs {
  if (!("needs" in inputs)) throw new Error(inputs.message);
  return inputs;
}

const small: VolumeSettings = { ...defaultVolume, spacing: [90, 30, 30], size: [4, 12, 12] };

const declared = `model tiny {
  input labels: f32[batch, 2] = table(columns = ["Nodule", "Emphysema"])
  input known: f32[batch, 2] = known(labels)
  input weight: f32[2] = balance(labels)
  input input_ids: i32[batch, 24] = tokens(columns = ["Impressions_EN"])`;

/** A model of one of the two encoders alone. */
const vision = `
import "specs/ctclip/ctvit"
import "std/heads"
import "std/linear"
model seeing {
  encoder vision = ctvit(volume = [4, 12, 12], patch = [2, 6, 6], dim = 16, heads = 2, dim_head = 8, spatial_depth = 1,
    temporal_depth = 1, codebook = 16)
  let image = vision.tokens |> mean(axis = time) |> flatten |> linear(8)
}
data { size = [4, 12, 12] }
`;
const text = `
import "std/bert"
import "std/heads"
import "std/linear"
model reading {
  encoder text = bert(vocab = 180, dim = 16, layers = 1, heads = 2, ff = 32, positions = 32, length = 24)
  let report = text.hidden |> cls |> linear(8)
}
`;

test("a volume, tokens and a mask are known by their types and by what is done with them", () => {
  expect(found(tiny)).toEqual({
    inputs: [
      { kind: "tokens", name: "input_ids", text: 0, length: 24, vocabulary: 180, settings: plainTokens },
      { kind: "volume", name: "image", file: 0, shape: [1, 4, 12, 12], settings: small },
      { kind: "mask", name: "attention_mask", of: "input_ids" },
    ],
    needs: { files: [null], texts: [null], labels: null },
  });
});

test("a declared input takes what its declaration says", () => {
  const inputs = found(
    tiny,
    ["model tiny {", `${declared}`],
    [
      "loss contrastive",
      "let logits = image |> linear(2)\n  loss bce(logits, labels, weight, known)\n  loss contrastive",
    ],
    ['import "std/contrastive"', 'import "std/bce"\nimport "std/contrastive"'],
  );
  expect(inputs).toMatchObject({
    inputs: [
      { kind: "table", name: "labels", columns: ["Nodule", "Emphysema"] },
      { kind: "known", name: "known", columns: ["Nodule", "Emphysema"] },
      { kind: "balance", name: "weight", columns: ["Nodule", "Emphysema"] },
      { kind: "tokens", name: "input_ids", text: 0 },
      { kind: "volume", name: "image", file: 0 },
      { kind: "mask", name: "attention_mask", of: "input_ids" },
    ],
    needs: { files: [null], texts: [["Impressions_EN"]], labels: ["Nodule", "Emphysema"] },
  });
});

test("prompts are of the classes, each in turn, and no text of an example is needed", () => {
  const { inputs, needs } = bound(
    found(
      tiny,
      ["model tiny {", "model tiny {\n  input ids: i32[8, 24] = prompts()\n  input is_word: i32[8, 24] = mask(ids)"],
      ["length = 24)", "length = 24, input_ids = ids, attention_mask = is_word)"],
      ["loss contrastive(image, report, scale)", "loss mean(image) + mean(report)"],
    ),
  );
  const classes = ["Medical material", "Cardiomegaly", "Hiatal hernia", "Lymphadenopathy"];
  const texts = classes.flatMap((name) => [`${name} is present.`, `${name} is not present.`]);
  expect(inputs).toMatchObject([
    { kind: "prompts", name: "ids", texts, length: 24, vocabulary: 180 },
    { kind: "mask", name: "is_word", of: "ids" },
    { kind: "volume", name: "image" },
  ]);
  expect(needs.texts).toEqual([]);
});

test("a text encoder that needs no mask is given none", () => {
  const inputs = found(
    tiny,
    ['import "std/bert"', 'import "std/clip_text"'],
    [
      "bert(vocab = 180, dim = 16, layers = 1, heads = 2, ff = 32, positions = 32, length = 24)",
      "clip_text(vocab = 190, dim = 16, layers = 1, heads = 2, length = 20, outputs = 8)",
    ],
    ["text.hidden |> cls |> linear(8, bias = false) |> l2", "text.latent |> l2"],
    [", text.attn.q,v", ""],
  );
  expect(inputs).toMatchObject({
    inputs: [
      { kind: "tokens", length: 20, vocabulary: 190 },
      { kind: "volume", name: "image" },
    ],
  });
});

test("a volume of other channels than the `data` block makes is refused", () => {
  const inputs = found(tiny, ["codebook = 16", "codebook = 16,\n    channels = 3"]);
  expect(inputs).toMatchObject({ message: "the model takes 3 channels, but the `data` block produces 1" });
});

test("an input that nothing of a data set fits is named with its type", () => {
  const inputs = found(`
model m {
  encoder e = scale()
  loss mean(e.y)
}
module scale() {
  forward(x: f32[batch, 3]) {
    let y = 2 * x
    return y
  }
}`);
  expect(inputs).toMatchObject({ message: "nothing in a data set fits the input `x`, f32[1, 3]" });
});

test("a model without a volume is refused, and one without a text needs none", () => {
  expect(found(text)).toMatchObject({ message: "the model has no input for a volume or an image" });
  expect(found(vision)).toMatchObject({ needs: { files: [null], texts: [], labels: null } });
});

test("a volume of another size than the `data` block makes is refused with what to write", () => {
  expect(found(tiny, ["size = [4, 12, 12]", "size = [4, 12, 18]"])).toEqual({
    subject: "",
    message: "the model takes volumes of 4 x 12 x 12 voxels, but the `data` block produces 4 x 12 x 18",
    help: "write `size = [4, 12, 12]` in the `data` block, or change the encoder's volume",
  });
});
