import { describe, expect, test } from "vitest";
import { explainSelectors } from "../../compiler/index.ts";
import { compiledWith } from "./two-encoders.ts";

const plain = compiledWith("").elements;
const adapted = compiledWith("lora(rank = 1) on image.first.attn.q, text.layers[3].attn.q").elements;

function pathsOf(text: string, elements = plain): readonly string[] {
  const { matches, diagnostics } = explainSelectors(text, elements);
  expect(diagnostics.map(({ message }) => message)).toEqual([]);
  return matches.map(({ path }) => path);
}

const stages = ["first", "second"];

/** The same part of each layer of some stages of the image encoder. */
function inLayers(part: string, ofStages: readonly string[] = stages, layers: readonly number[] = [0, 1, 2]) {
  return ofStages.flatMap((stage) => layers.map((layer) => `image.${stage}.layers[${layer}].${part}`));
}

function ofText(part: string, layers: readonly number[] = [0, 1, 2, 3]): readonly string[] {
  return layers.map((layer) => `text.layers[${layer}].${part}`);
}

describe("what selectors select", () => {
  test.each<[string, readonly string[]]>([
    ["image", ["image"]],
    ["temperature", ["temperature"]],
    ["image.seen", ["image.seen"]],
    ["image.first", ["image.first"]],
    ["image.layers", stages.flatMap((stage) => [0, 1, 2].map((layer) => `image.${stage}.layers[${layer}]`))],
    ["image.first.layers[1]", ["image.first.layers[1]"]],
    ["image.second.last", inLayers("last", ["second"])],
    ["image.layers[0].last", inLayers("last", stages, [0])],
    ["text.layers[0].attention.q.weight", ["text.layers[0].attention.q.weight"]],
    ["heads.latent", ["heads.latent"]],
  ])("by name: %s", (text, expected) => {
    expect(pathsOf(text)).toEqual(expected);
  });

  test.each<[string, readonly string[]]>([
    ["image.attn.q", inLayers("attention.to_q")],
    ["image.attn.kv", inLayers("attention.to_kv")],
    ["image.first.attn.q", inLayers("attention.to_q", ["first"])],
    ["image.attention.attn.q", inLayers("attention.to_q")],
    ["image.attn.o", inLayers("attention.scale")],
    ["text.attn.q", ofText("attention.q")],
    ["text.ff.down", ofText("down")],
    ["*.attn.q", [...inLayers("attention.to_q"), ...ofText("attention.q")]],
    ["text.layers[0].attn.kv", [...ofText("attention.k", [0]), ...ofText("attention.v", [0])]],
    ["text.layers[1].attn.qkv", ["q", "k", "v"].flatMap((name) => ofText(`attention.${name}`, [1]))],
    [
      "image.first.layers[2].attn.qkv",
      ["to_q", "to_kv"].flatMap((name) => inLayers(`attention.${name}`, ["first"], [2])),
    ],
  ])("by role: %s", (text, expected) => {
    expect(pathsOf(text)).toEqual(expected);
  });

  test.each<[string, readonly string[]]>([
    ["text.layers[2].up", ofText("up", [2])],
    ["text.layers[0..2].up", ofText("up", [0, 1])],
    ["text.layers[1..].up", ofText("up", [1, 2, 3])],
    ["text.layers[0..4].up", ofText("up")],
    ["text.layers[0, 2..4].up", ofText("up", [0, 2, 3])],
    ["image.first.layers[1..].attn.q", inLayers("attention.to_q", ["first"], [1, 2])],
  ])("by layers: %s", (text, expected) => {
    expect(pathsOf(text)).toEqual(expected);
  });

  test.each<[string, readonly string[]]>([
    ["*", ["image", "text", "temperature"]],
    ["heads.*", ["heads.latent"]],
    ["image.*", ["image.seen", "image.first", "image.second"]],
    ["image.first.*", [0, 1, 2].map((layer) => `image.first.layers[${layer}]`)],
    ["image.first.layers[1].*", ["image.first.layers[1].attention", "image.first.layers[1].last"]],
    ["image.second.**.last", inLayers("last", ["second"])],
    ["image.**.last", inLayers("last")],
    [
      "image.first.**.attention.*",
      ["scale", "to_q", "to_kv"].flatMap((name) => inLayers(`attention.${name}`, ["first"])),
    ],
    ["image.**.**.seen", ["image.seen"]],
    ["**.latent", ["heads.latent"]],
  ])("by a wildcard: %s", (text, expected) => {
    expect(pathsOf(text).toSorted()).toEqual(expected.toSorted());
  });

  test("anything at any depth is all that is not an adapter's", () => {
    const all = adapted.filter(({ ofAdapter }) => !ofAdapter).map(({ path }) => path);
    expect(all).toHaveLength(plain.length);
    expect(pathsOf("**", adapted)).toEqual(all);
    expect(pathsOf("image.**", adapted)).toEqual(all.filter((path) => path.startsWith("image.")));
  });

  test("a bare name continues the dotted selector before it, and the next takes its place", () => {
    expect(pathsOf("image.first.attn.q,kv")).toEqual([
      ...inLayers("attention.to_q", ["first"]),
      ...inLayers("attention.to_kv", ["first"]),
    ]);
    expect(pathsOf("image, text.pooler, embeddings, heads.latent")).toEqual([
      "image",
      "text.pooler",
      "text.embeddings",
      "heads.latent",
    ]);
    expect(pathsOf("image, text")).toEqual(["image", "text"]);
  });

  test("roles that cover a fused projection together select it", () => {
    const fused = inLayers("attention.to_kv", ["first"]);
    expect(pathsOf("image.first.attn.k,v")).toEqual([...fused, ...fused]);
  });

  test("an adapter is selected by its name, not by a role, a wildcard or what is around it", () => {
    const named = inLayers("attention.to_q.lora", ["first"]);
    expect(pathsOf("image.first.lora", adapted)).toEqual(named);
    expect(pathsOf("image.**.lora.down", adapted)).toEqual(named.map((path) => `${path}.down`));
    expect(pathsOf("image.first.attn.q", adapted)).toEqual(inLayers("attention.to_q", ["first"]));
    expect(pathsOf("image.first.layers[0].attention.to_q.*", adapted)).toEqual([
      "image.first.layers[0].attention.to_q.weight",
    ]);
  });
});

describe("what is said of a match", () => {
  const first = (text: string, elements = plain) => explainSelectors(text, elements).matches[0];

  test("a name, with the module and its parameters, those of adapters too", () => {
    const stage = {
      path: "image.first",
      what: "stage",
      type: null,
      why: "its name matches image.first",
      parameters: 216,
    };
    expect(first("image.first")).toEqual(stage);
    expect(first("image.first", adapted)).toEqual({ ...stage, parameters: 216 + 3 * (4 + 4) });
  });

  test("a role, and the larger one that was asked for", () => {
    const path = "image.first.layers[0].attention.to_q";
    expect(first("image.attn.q")).toEqual({
      path,
      what: "linear",
      type: null,
      why: "its role is attn.q",
      parameters: 16,
    });
    expect(first("image.attn.qkv")?.why).toBe("its role is attn.q, a part of attn.qkv");
    expect(explainSelectors("image.attn.qkv", plain).matches[1]?.why).toBe("its role is attn.kv, a part of attn.qkv");
  });

  test("a parameter, by its name or its role", () => {
    const scale = { path: "image.first.layers[0].attention.scale", what: "parameter", type: "f32[4]", parameters: 4 };
    expect(first("image.attention.scale")).toEqual({ ...scale, why: "its name matches image.attention.scale" });
    expect(first("image.attn.o")).toEqual({ ...scale, why: "its role is attn.o" });
  });

  test("a name that a list continued, in full", () => {
    expect(explainSelectors("text.layers[0, 2..].up, down", plain).matches.at(-1)?.why).toBe(
      "its name matches text.layers[0, 2..].down",
    );
    expect(first("image.**.attention.*")?.why).toBe("its name matches image.**.attention.*");
    expect(first("text.layers[1..3].up")?.why).toBe("its name matches text.layers[1..3].up");
  });
});

describe("selectors that select nothing", () => {
  /** What is wrong: its code, what it points at, and what is said to help. */
  function problems(text: string, elements = plain): readonly (readonly [string, string, string | null])[] {
    const { matches, diagnostics } = explainSelectors(text, elements);
    expect(matches).toEqual([]);
    return diagnostics.map(({ code, span, help }) => [code, text.slice(span?.start, span?.end), help]);
  }

  test.each<[string, string, string, string?]>([
    ["imag", "E506", "imag", "did you mean `image`?"],
    ["vision.attn.q", "E506", "vision", "its components are image, text, temperature, heads"],
    ["image.first.atention.to_q", "E501", "image.first.atention.to_q"],
    ["image.firts", "E501", "image.firts", "did you mean `image.first`?"],
    ["image.attn.kq", "E505", "image.attn.kq", "did you mean `k`, `kv` or `q`?"],
    ["image.attn.weights", "E505", "image.attn.weights", "the roles at `image.attn` are q, k, v, o, kv, qkv"],
    ["image.ff.up", "E501", "image.ff.up"],
    ["image.attn.v", "E504", "image.attn.v", "select all of it with `image.attn.kv`"],
    ["image.first.attn.v", "E504", "image.first.attn.v", "select all of it with `image.first.attn.kv`"],
    ["text.layers[4]", "E507", "4"],
    ["text.layers[0, 3..5].up", "E507", "3..5"],
    ["text.layers[4..].up", "E507", "4.."],
    ["image.layers[3].last", "E507", "3"],
    ["image.**.layers[3].last", "E507", "3"],
    [
      "image.first.projections",
      "E501",
      "image.first.projections",
      "`image` has attn.o, attn.q, attn.kv, seen, first, second",
    ],
  ])("%s: %s at %s", (text, code, place, help) => {
    const found = problems(text);
    expect(found.map(([ownCode, ownPlace]) => [ownCode, ownPlace])).toEqual([[code, place]]);
    if (help !== undefined) expect(found[0]?.[2]).toBe(help);
  });

  test("in a list only what selects something is shown, and the rest pointed at", () => {
    const text = "image.first.attn.q,v";
    const { matches, diagnostics } = explainSelectors(text, plain);
    expect(matches.map(({ path }) => path)).toEqual(inLayers("attention.to_q", ["first"]));
    expect(diagnostics.map(({ code, span }) => [code, span?.start, span?.end])).toEqual([["E504", 19, 20]]);
  });

  test("a layer of a module that is no list selects nothing", () => {
    expect(problems("image.first[0]")[0]?.[0]).toBe("E501");
  });

  test("a component behind a dotted selector is said to continue it", () => {
    const help = "`image` continues `text.pooler` here; put it before the selectors with dots";
    const { matches, diagnostics } = explainSelectors("text.pooler, image", plain);
    expect(matches.map(({ path }) => path)).toEqual(["text.pooler"]);
    expect(diagnostics.map((diagnostic) => [diagnostic.message, diagnostic.help])).toEqual([
      ["`text.image` selects nothing", help],
    ]);
    expect(problems("text.poolers")[0]?.[2]).toBe("did you mean `text.pooler`?");
  });

  test("what is not a selector is shown where it stands in the text", () => {
    const text = "image.attn.q, 7";
    const { matches, diagnostics } = explainSelectors(text, plain);
    expect(matches).toEqual([]);
    expect(diagnostics.map(({ span }) => text.slice(span?.start, span?.end))).toEqual(["7"]);
    expect(diagnostics[0]?.span?.source.text).toBe(text);
    expect(explainSelectors("", plain).diagnostics.map(({ span }) => [span?.start, span?.source.text])).toEqual([
      [0, ""],
    ]);
  });
});
