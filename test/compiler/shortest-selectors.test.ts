import { describe, expect, test } from "vitest";
import { explainSelectors, selectorsForNames } from "../../compiler/index.ts";
import { Random } from "../random.ts";
import { compiledWith } from "./two-encoders.ts";

const { elements } = compiledWith("");
const adapted = compiledWith("lora(rank = 1) on image.attn.q").elements;

/** The names in checkpoints of the same part of each layer of some stages. */
function inLayers(
  part: string,
  stages: readonly string[] = ["first", "second"],
  layers: readonly number[] = [0, 1, 2],
) {
  return stages.flatMap((stage) => layers.map((layer) => `viewer.${stage}.layers.${layer}.${part}`));
}

function ofText(part: string, layers: readonly number[] = [0, 1, 2, 3]): readonly string[] {
  return layers.map((layer) => `text.encoder.layer.${layer}.${part}`);
}

const query = "attention.to_q";
const fused = "attention.to_kv";

function selectorsFor(names: readonly string[], of = elements): string {
  const found = selectorsForNames(names, of);
  return found.kind === "selectors" ? found.text : `unknown: ${found.names.join()}`;
}

/** The names of what selectors select, less what stands behind `except`. */
function namesOf(text: string): readonly string[] {
  const [on = new Set(), except = new Set()] = text.split(" except ").map((list) => {
    const { matches, diagnostics } = explainSelectors(list, elements);
    expect(diagnostics).toEqual([]);
    return new Set(matches.map(({ path }) => path));
  });
  for (const path of except) expect(on).toContain(path);
  return elements.flatMap(({ path, instance }) =>
    instance !== null && on.has(path) && !except.has(path) ? [instance.checkpoint] : [],
  );
}

describe("the shortest selectors for modules by their names in checkpoints", () => {
  test.each<[string, readonly string[]]>([
    ["image.attn.q", inLayers(query)],
    ["image.attn.kv", inLayers(fused)],
    ["image.attn.qkv", [...inLayers(query), ...inLayers(fused)]],
    ["image.last", inLayers("last")],
    ["text.attn.q", ofText("attention.self.query")],
    ["text.attn.q,v", [...ofText("attention.self.value"), ...ofText("attention.self.query")]],
    ["text.ff.up,down", [...ofText("intermediate.dense"), ...ofText("output.dense")]],
    ["text.pooler", ["text.pooler.dense"]],
    ["heads.latent", ["heads.latent"]],
    ["image.attn.q, text.attn.q", [...ofText("attention.self.query"), ...inLayers(query)]],
  ])("%s: a whole encoder", (text, names) => {
    expect(selectorsFor(names)).toBe(text);
  });

  test.each<[string, readonly string[]]>([
    ["image.first.attn.q", inLayers(query, ["first"])],
    ["image.second.attn.qkv", [...inLayers(query, ["second"]), ...inLayers(fused, ["second"])]],
    ["image.second.last", inLayers("last", ["second"])],
    ["image.first.attn.q, image.second.attn.kv", [...inLayers(query, ["first"]), ...inLayers(fused, ["second"])]],
  ])("%s: a stage", (text, names) => {
    expect(selectorsFor(names)).toBe(text);
  });

  test.each<[string, readonly string[]]>([
    ["image.layers[1].attn.q", inLayers(query, ["first", "second"], [1])],
    ["image.layers[1..].attn.q", inLayers(query, ["first", "second"], [1, 2])],
    ["image.layers[0..2].last", inLayers("last", ["first", "second"], [0, 1])],
    ["image.first.layers[0].attn.q", inLayers(query, ["first"], [0])],
    ["image.first.layers[0, 2].attn.q", inLayers(query, ["first"], [0, 2])],
    ["text.layers[0, 2..].attn.q", ofText("attention.self.query", [0, 2, 3])],
    ["text.layers[0..2].ff.up", ofText("intermediate.dense", [0, 1])],
    ["text.layers[1].attn.q,v", ["query", "value"].flatMap((name) => ofText(`attention.self.${name}`, [1]))],
  ])("%s: some layers", (text, names) => {
    expect(selectorsFor(names)).toBe(text);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    [
      "text.attn.qkv except text.layers[1].attn.v, text.layers[2].attn.k",
      ["query", "key", "value"].flatMap((name) => ofText(`attention.self.${name}`)),
      [...ofText("attention.self.key", [2]), ...ofText("attention.self.value", [1])],
    ],
    [
      "image.last, text.attn.qkv except text.layers[1].attn.v, text.layers[2].attn.k",
      [...inLayers("last"), ...["query", "key", "value"].flatMap((name) => ofText(`attention.self.${name}`))],
      [...ofText("attention.self.key", [2]), ...ofText("attention.self.value", [1])],
    ],
  ])("%s: all but some", (text, names, missing) => {
    expect(names).toEqual(expect.arrayContaining([...missing]));
    expect(selectorsFor(names.filter((name) => !missing.includes(name)))).toBe(text);
  });

  test("what has an adapter already is found as what it is without", () => {
    expect(selectorsFor(inLayers(query), adapted)).toBe("image.attn.q");
  });

  test("nothing is asked for, and nothing selected", () => {
    expect(selectorsFor([])).toBe("");
  });
});

test("a module without a weight of its own is selected by its name", () => {
  expect(selectorsFor(["viewer.first"])).toBe("image.first");
});

test("names of no module in the model are named, and nothing is selected", () => {
  const names = ["viewer.first.layers.0.attention.to_q.weight", "temperature", "text.pooler", "heads"];
  expect(selectorsForNames(["heads.latent", ...names], elements)).toEqual({ kind: "unknown", names });
});

test("any set of projections is selected again, by no more than their paths one by one", () => {
  const random = new Random(5);
  const linear = elements.flatMap(({ instance }) =>
    instance?.declaration.name.text === "linear" ? [{ name: instance.checkpoint, path: instance.path }] : [],
  );
  expect(linear).toHaveLength(3 * 6 + 6 * 4 + 2);
  for (let round = 0; round < 6; round++) {
    const share = 1 + random.below(6);
    const drawn = linear.filter(() => random.below(7) < share);
    const text = selectorsFor(drawn.map(({ name }) => name));
    expect(namesOf(text).toSorted()).toEqual(drawn.map(({ name }) => name).toSorted());
    expect(text.length).toBeLessThanOrEqual(drawn.map(({ path }) => path).join(", ").length);
  }
});
