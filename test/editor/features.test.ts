import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  coloursOf,
  completeAt,
  factsOf,
  foldsOf,
  hoverAt,
  outlineOf,
  placeFacts,
  readManual,
  signatureAt,
} from "../../compiler/editor/index.ts";
import { dataSettingNames, evalSettingNames, trainSettingNames } from "../../compiler/settings/index.ts";
import { opened, openedAt } from "./open.ts";

const manual = readManual(readFileSync("grammar/LANGUAGE.md", "utf8"));
const base = `import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/linear"
import "std/lora"
import "std/vit"

# A model of the tests.
model small {
  encoder vision = vit(size = 16, patch = 8, dim = 16, layers = 2, heads = 2, outputs = 8)
  encoder text = bert(vocab = 50, dim = 16, layers = 2, heads = 2, ff = 32, positions = 8)
  let picture = vision.latent |> l2_normalize
  let caption = text.hidden |> cls |> linear(8) |> l2_normalize
  freeze vision, text
  lora(rank = 2) on text.attn.q,v
  loss contrastive(picture, caption)
  expect trainable > 0
}

train {
  batch = 4
}
`;

/** The model of the tests with a part replaced, in which `¦` is the cursor. */
const changed = (from: string, to: string) => openedAt(base.replace(from, to), "specs/small.vlm");

function completions(from: string, to: string) {
  const { spec, offset } = changed(from, to);
  const elements = opened("specs/small.vlm", base).compiled.elements;
  const { start, suggestions } = completeAt(spec, offset, { elements, libraryNames: ["std/vit", "std/bert"], manual });
  return { start, offset, texts: suggestions.map(({ text }) => text), suggestions };
}

test.each([
  ["text.attn.q,v", "text.attn.q,¦v", "selects"],
  ["text.attn.q,v", "text.at¦tn.q,v", "2 matches, 544 parameters\n- `text.layers[0].attn.q`"],
])("a selector says what it selects: %s as %s", (from, to) => {
  const { spec, offset } = changed(from, to);
  expect(hoverAt(spec, offset, manual)?.lines[0]).toMatch(/^2 matches, \d+ parameters$/);
});

test.each([
  ["encoder vision", "encoder vis¦ion", "encoder vision = vit(size", "parameters"],
  ["= vit(", "= vi¦t(", "module vit(size: int", "from `std/vit.vlm`"],
  ["rank = 2", "ra¦nk = 2", "parameter rank: int", "std/lora.vlm"],
  [
    "|> l2_normalize\n  let caption",
    "|> l2_norm¦alize\n  let caption",
    "function l2_normalize(x)",
    "Divides each vector",
  ],
  ["let picture", "let pic¦ture", "let picture = vision.latent |> l2_normalize", "f32[4, 8]"],
  ["contrastive(picture", "contrastive(pict¦ure", "let picture", "f32[4, 8]"],
])("hovering over %s", (from, to, code, line) => {
  const { spec, offset } = changed(from, to);
  const hover = hoverAt(spec, offset, manual);
  expect(hover?.code).toContain(code);
  expect(hover?.lines.join("\n")).toContain(line);
});

test("a selected parameter has its type, and so has what an adapter of parameters adapts", () => {
  const own = "adapter own() wraps base: f32[m, n] {\n  forward() { return base }\n}\n\nmodel small";
  const on = (placed: string) => base.replace("model small", own).replace(/lora\(.*/, placed);
  const selected = openedAt(on("own() on text.attn.q.wei¦ght"), "specs/small.vlm");
  expect(hoverAt(selected.spec, selected.offset, manual)?.lines[1]).toContain(
    "- `text.layers[0].attention.q.weight` (parameter `f32[16, 16]`): ",
  );
  const adapted = openedAt(on("own() on text.attn.q.weight").replace("return base", "return ba¦se"), "specs/small.vlm");
  expect(hoverAt(adapted.spec, adapted.offset, manual)).toMatchObject({ code: "base base: f32[m, n]" });
});

test("a setting and an operation say what the manual says of them", () => {
  const setting = changed("batch = 4", "ba¦tch = 4");
  expect(hoverAt(setting.spec, setting.offset, manual)?.lines[0]).toContain("rows of a training step");
  const operation = changed("let picture = vision.latent |>", "let picture = ex¦p(vision.latent) |>");
  expect(hoverAt(operation.spec, operation.offset, manual)).toMatchObject({ code: "exp(x)", lines: [/elementwise/] });
});

test.each([
  ["lora(rank = 2) on text.attn.q,v", "lora(rank = 2) on ¦", ["vision", "text", "heads"]],
  ["lora(rank = 2) on text.attn.q,v", "lora(rank = 2) on text.¦", ["layers", "attn.q", "attn.qkv", "ff.up"]],
  ["lora(rank = 2) on text.attn.q,v", "lora(rank = 2) on text.layers[1].attn.¦", ["q", "k", "v", "o", "qkv", "kv"]],
  ["freeze vision, text", "freeze vision, te¦", ["text"]],
  ["expect trainable > 0", "expect count(text.¦", ["attn.q"]],
  ["rank = 2", "¦", ["rank", "alpha", "dropout"]],
  ["rank = 2", "rank = 2, ¦", ["alpha", "dropout"]],
  ["linear(8)", "linear(8, bias = ¦)", ["true", "false"]],
  ["vision.latent |>", "vision.¦ |>", ["latent", "patch_embed"]],
  ["batch = 4", "batch = 4\n  sch¦", ["schedule"]],
  ['"std/vit"', '"std/¦"', ["std/vit"]],
  ["expect trainable > 0", "¦", ["encoder", "expect", "lora"]],
  ["|> cls |>", "|> c¦ |>", ["cls", "cast"]],
  ["model small", "¦\nmodel small", ["model", "import"]],
])("what can be written for %j in %j", (from, to, expected) => {
  const { texts } = completions(from, to);
  expect(texts).toEqual(expect.arrayContaining(expected));
});

test.each([
  ["an adapter", "freeze vision, text", "do¦", "dora", 'import "std/dora"', "lora"],
  ["a function", "|> cls |>", "|> gel¦ |>", "gelu", 'import "std/activations"', "linear"],
  ["a loss", "loss contrastive", "loss sig¦", "siglip", 'import "std/siglip"', "contrastive"],
  ["a module", "= vit(", "= timm¦(", "timm_vit", 'import "std/timm_vit"', "vit"],
])("%s that is not imported brings its import", (_, from, to, name, line, imported) => {
  const { suggestions } = completions(from, to);
  const found = suggestions.find(({ text }) => text === name)?.imports;
  expect(found?.fix.text.trim()).toBe(line);
  expect(suggestions.find(({ text }) => text === imported)?.imports).toBeUndefined();
});

test("what stands elsewhere is not offered, nor what a name of the file hides", () => {
  const { texts } = completions("freeze vision, text", "¦");
  expect(texts).not.toContain("timm_vit");
  const own = base.replace("model small", "function silu(x) {\n  return x\n}\n\nmodel small");
  const { spec, offset } = openedAt(own.replace("|> cls |>", "|> ge¦ |>"), "specs/small.vlm");
  const offered = completeAt(spec, offset, { elements: [], libraryNames: [], manual }).suggestions;
  // Both are in std/activations, so that its import would clash.
  expect(offered.map(({ text }) => text)).not.toContain("gelu");
});

test.each([
  ["  precision = ¦", ['"f32"', '"bf16"'], "start"],
  ['  precision = "b¦"', ["f32", "bf16"], "quote"],
  ["  recompute = l¦", ["none", "layers"], "start"],
  ["  optimizer = ¦", ["adamw", "sgd", "adafactor"], "start"],
  ["  optimizer = sgd(¦)", ["lr", "momentum", "nesterov", "weight_decay"], "start"],
  ["  optimizer = sgd(momentum = 0.9, nesterov = ¦", ["true", "false"], "start"],
  ["  schedule = cosine(warmup = 3, ¦", ["warmup_epochs"], "start"],
  ["  keep_best = ¦", ["loss"], "start"],
  ["}\n\ndata {\n  units = ¦", ["auto", "stored", "hounsfield"], "start"],
  ["}\n\ndata {\n  orientation = ¦", ['"LPS"', '"RAS"'], "start"],
  ['}\n\ndata {\n  orientation = "L¦"', ["LPS", "LAI"], "quote"],
  ["}\n\ndata {\n  augment = [flip(axis = ¦", ["slices", "height", "width"], "start"],
  ["}\n\ndata {\n  augment = [¦]", ["flip", "rotate", "noise"], "start"],
  ["}\n\ndata {\n  window = ¦", ["min_max"], "start"],
  ["}\n\neval {\n  image = ¦", ["picture", "caption"], "start"],
  ["}\n\neval {\n  tasks = [¦]", ["zero_shot", "retrieval", "classify", "probe"], "start"],
  ["}\n\neval {\n  tasks = [classify(¦)]", ["picture", "caption"], "start"],
  ["}\n\neval {\n  tasks = [zero_shot(average = ¦)]", ["latent", "score"], "start"],
  ["}\n\neval {\n  threshold = youden(on = ¦)", ["training", "evaluated"], "start"],
  ["}\n\neval {\n  resample_by = ¦", ["patient", "scan", "volume"], "start"],
])("the values of a setting: %s", (to, expected, place) => {
  const { texts, start, offset } = completions("  batch = 4", to);
  expect(texts).toEqual(expect.arrayContaining(expected));
  // Not all that there is.
  expect(texts.length).toBeLessThan(60);
  expect(base.replace("  batch = 4", to.replace("¦", "")).slice(start, offset)).not.toMatch(/["=]/);
  if (place === "quote") expect(texts.join("")).not.toContain('"');
});

test.each([
  ...trainSettingNames.map((name) => ["train", name] as const),
  ...dataSettingNames.map((name) => ["data", name] as const),
  ...evalSettingNames.map((name) => ["eval", name] as const),
])("%s { %s }: what is offered is taken", (block, name) => {
  const before = block === "train" ? "" : `}\n\n${block} {\n`;
  const { suggestions } = completions("  batch = 4", `${before}  ${name} = ¦`);
  const words = suggestions.filter(({ kind }) => kind === "value");
  for (const { insert } of [...words.slice(0, 3), ...words.slice(-3)]) {
    const { spec } = changed("  batch = 4", `${before}  ${name} = ¦${insert}`);
    const refused = spec.diagnostics.filter(
      ({ choices, message }) => choices.length > 0 && message.includes(`\`${name}\``),
    );
    expect(refused.map(({ message }) => message)).toEqual([]);
  }
});

test.each([
  ["image: f32[batch, 3, 16, 16] = ¦", ["volume", "image", "tokens"]],
  ["image: f32[batch, 3, 16, 16] = image(resize = ¦)", ["shortest", "longest", "squash"]],
  ["ids: i32[batch, 8] = tokens()\n  input seen: i32[batch, 8] = mask(¦)", ["ids"]],
  ["ids: i32[batch, 8] = tokens(tokenizer = ¦)", ["wordpiece", "bpe", "unigram"]],
])("the source of an input: %s", (written, expected) => {
  const { texts } = completions("  freeze vision, text", `  input ${written}\n  freeze vision, text`);
  expect(texts).toEqual(expect.arrayContaining(expected));
});

test("the classes of a spec, and the values of a variant's settings", () => {
  const classes = '}\n\neval {\n  classes = ["Emphysema", "Lung nodule"]\n';
  const own = completions("  batch = 4", `${classes}  columns = ["Emphysema", column("Nodule", of = ["¦"])]`);
  expect(own.texts).toEqual(["Emphysema", "Lung nodule"]);
  const { spec, offset } = openedAt(
    'import "./medct-small"\n\nmodel mine amends medct_small {\n}\n\ntrain amends {\n  precision = ¦\n}\n',
  );
  const found = completeAt(spec, offset, { elements: [], libraryNames: [], manual });
  expect(found.suggestions.map(({ text }) => text)).toEqual(['"f32"', '"bf16"']);
});

test("what is given is not offered again, and a comment offers nothing", () => {
  expect(completions("rank = 2", "rank = 2, ¦").texts).not.toContain("rank");
  expect(completions("# A model", "# A ¦model").texts).toEqual([]);
  const { start, offset } = completions("freeze vision, text", "freeze vision, te¦");
  expect(offset - start).toBe(2);
});

test("a call that is being written shows what it takes, and where one is", () => {
  const { spec, offset } = changed("lora(rank = 2)", "lora(rank = 2, alpha = ¦)");
  const signature = signatureAt(spec, offset, manual);
  expect(signature?.label).toMatch(/^lora\(rank: int/);
  expect(signature?.active).toBe(1);
  const operation = changed("vision.latent |>", "mean(vision.latent, ¦ |>");
  expect(signatureAt(operation.spec, operation.offset, manual)).toMatchObject({
    label: "mean(x, axis?, keep?)",
    active: 1,
  });
  const outside = changed("freeze vision", "freeze vis¦ion");
  expect(signatureAt(outside.spec, outside.offset, manual)).toBeNull();
});

test("facts stand behind what they are about, and stay when the text breaks", () => {
  const spec = opened("specs/small.vlm", base);
  const facts = factsOf(spec);
  if (facts === null) throw new Error("the model compiles");
  const texts = placeFacts(spec.file, facts).map(({ text }) => text);
  expect(texts).toContain("2 + 2 modules, 4 adapters, 256 parameters");
  expect(texts).toContain("f32[4, 8]");
  expect(texts.at(-1)).toMatch(/^a step of 4: /);
  const broken = opened("specs/small.vlm", base.replace("expect trainable > 0", "expect trainable >"));
  expect(factsOf(broken)).toBeNull();
  expect(placeFacts(broken.file, facts).map(({ text }) => text)).toContain("2 + 2 modules, 4 adapters, 256 parameters");
});

test("the outline has what is declared, and bodies, imports and comments fold", () => {
  const spec = opened("specs/small.vlm", base);
  const [model, train] = outlineOf(spec);
  expect(model?.children.map(({ name }) => name)).toEqual([
    ...["vision", "text", "picture", "caption", "lora(rank = 2) on text.attn.q,v", "loss", "expect trainable > 0"],
  ]);
  expect(train).toMatchObject({ name: "train", kind: "settings" });
  const kinds = foldsOf(spec).map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(["imports", "region", "region"]);
});

test("names have colours of what they are", () => {
  const spec = opened("specs/small.vlm", base);
  const { text } = spec.source;
  const colours = new Map(coloursOf(spec).map(({ span, kind }) => [text.slice(span.start, span.end), kind]));
  expect(Object.fromEntries(colours)).toMatchObject({
    ...{ small: "class", vision: "property", lora: "decorator", rank: "parameter", attn: "type", q: "enumMember" },
    ...{ l2_normalize: "function", contrastive: "function", batch: "property", picture: "variable" },
  });
});

test("the manual has a line for every setting and operation that is offered", () => {
  const offered = ["¦"].flatMap((cursor) =>
    ["train", "data", "eval"].map((block) => `${block} {\n  ${cursor}\n}\n`).map((text) => openedAt(text)),
  );
  const without = offered.flatMap(({ spec, offset }) =>
    completeAt(spec, offset, { elements: [], libraryNames: [], manual }).suggestions.flatMap(
      ({ about, text, detail }) => (about === "" ? [`${detail}.${text}`] : []),
    ),
  );
  expect(without).toEqual([]);
});
