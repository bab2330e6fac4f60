import { describe, expect, test } from "vitest";
import { planWith, problemsOf } from "./two-encoders.ts";

describe("what an adapter cannot adapt is refused, with what it can", () => {
  const inText = "text.attn.q, text.attn.k, text.attn.v, text.attn.o, text.ff.up, text.ff.down, text.pooler";

  test.each<[string, string, string, string]>([
    [
      "text",
      "`lora` cannot adapt `text`, which is `bert`",
      "text",
      `\`lora\` adapts \`linear\`, \`conv1d\`, \`conv2d\`, \`conv3d\`; there are ${inText}`,
    ],
    [
      "text.embeddings",
      "`lora` cannot adapt `text.embeddings`, which is `bert_embeddings`",
      "text.embeddings",
      `\`lora\` adapts \`linear\`, \`conv1d\`, \`conv2d\`, \`conv3d\`; there are ${inText}`,
    ],
    [
      "image.first",
      "`lora` cannot adapt `image.first`, which is `stage`",
      "image.first",
      "`lora` adapts `linear`, `conv1d`, `conv2d`, `conv3d`; there are image.first.attn.q, image.first.attn.kv, image.first.last",
    ],
    [
      "text.layers",
      "`lora` cannot adapt `text.layers[0]`, which is `bert_layer`",
      "text.layers",
      "`lora` adapts `linear`, `conv1d`, `conv2d`, `conv3d`; there are text.layers.attn.q, text.layers.attn.k, text.layers.attn.v, text.layers.attn.o, text.layers.ff.up, text.layers.ff.down",
    ],
    [
      "text.layers[0].attention.q.weight",
      "`lora` cannot adapt `text.layers[0].attention.q.weight`, which is `a parameter`",
      "text.layers[0].attention.q.weight",
      "`lora` adapts `linear`, `conv1d`, `conv2d`, `conv3d`",
    ],
    [
      "temperature",
      "`lora` cannot adapt `temperature`, which is `a parameter`",
      "temperature",
      "`lora` adapts `linear`, `conv1d`, `conv2d`, `conv3d`",
    ],
  ])("%s", (selector, message, place, help) => {
    expect(problemsOf(`lora(rank = 1) on ${selector}`)).toEqual([["E503", place, message, help]]);
  });

  test("only what is named, not what a wildcard finds among others", () => {
    const { placements } = planWith("lora(rank = 1) on image.first.layers[0].**, text.layers[0].attention.*");
    expect(placements.map(({ adapters }) => adapters.map(({ path }) => path))).toEqual([
      [
        "image.first.layers[0].attention.to_q.lora",
        "image.first.layers[0].attention.to_kv.lora",
        "image.first.layers[0].last.lora",
        ...["q", "k", "v", "out"].map((name) => `text.layers[0].attention.${name}.lora`),
      ],
    ]);
  });
});

describe("two adapters", () => {
  test("of two placements on one module are refused, and the first is shown", () => {
    const first = "lora(rank = 1) on text.attn.q,v";
    expect(problemsOf(`${first}\nia3() on text.attn.v`)).toEqual([
      [
        "E502",
        "text.attn.v",
        "`text.layers[0].attention.v` already has the adapter `lora`",
        "write `also on` to place a second adapter there",
      ],
    ]);
  });

  test("stand there when that is asked for", () => {
    const { placements } = planWith("lora(rank = 1) on text.pooler\nia3() also on text.pooler");
    expect(placements.map(({ text, adapters, parameters }) => [text, adapters, parameters])).toEqual([
      ["lora(rank = 1) on text.pooler", [expect.objectContaining({ path: "text.pooler.lora", parameters: 16 })], 16],
      ["ia3() also on text.pooler", [expect.objectContaining({ path: "text.pooler.ia3", parameters: 8 })], 8],
    ]);
  });

  test("are one where two selectors of a placement meet", () => {
    const { placements } = planWith("lora(rank = 1) on text.attn.qkv, text.layers[0].attn.q,   text.attn.k");
    expect(placements.map(({ adapters }) => adapters.length)).toEqual([12]);
    expect(placements[0]?.text).toBe("lora(rank = 1) on text.attn.qkv, text.layers[0].attn.q, text.attn.k");
    expect(placements[0]?.selections).toEqual([
      { selector: "text.attn.qkv", count: 12 },
      { selector: "text.layers[0].attn.q", count: 1 },
      { selector: "text.attn.k", count: 4 },
    ]);
  });
});

test("what stands behind on is an adapter", () => {
  expect(problemsOf("linear(4) on text.attn.q")[0]?.slice(0, 2)).toEqual(["E301", "linear"]);
});

describe("except", () => {
  test("takes modules out of a placement", () => {
    const { placements } = planWith(
      "lora(rank = 1) on image.attn.qkv except image.second.attn.q,kv, image.first.attn.kv",
    );
    expect(placements[0]?.adapters.map(({ path }) => path)).toEqual(
      [0, 1, 2].map((layer) => `image.first.layers[${layer}].attention.to_q.lora`),
    );
  });

  test("takes out everything in what it names, as in a rule", () => {
    const { placements } = planWith("lora(rank = 1) on image.attn.q except image.first, image.second.layers[1]");
    expect(placements[0]?.adapters.map(({ path }) => path)).toEqual(
      [0, 2].map((layer) => `image.second.layers[${layer}].attention.to_q.lora`),
    );
  });

  test.each([
    ["lora(rank = 1) on image.attn.q except text", "text"],
    ["lora(rank = 1) on image.first.attn.q except image.first.layers[0], image.second", "image.second"],
    ["lora(rank = 1) on image.attn.q except image.seen", "image.seen"],
    ["freeze image except text.pooler", "text.pooler"],
    ["train image.first except image.first.layers[0], image.second.layers[0]", "image.second.layers[0]"],
  ])("%s: has to take something out", (rules, place) => {
    const errors = problemsOf(rules).filter(([code]) => code !== "E508");
    expect(errors.map(([code, at]) => [code, at])).toEqual([["E515", place]]);
  });

  test("of what selects nothing nothing can be taken out, which is said once", () => {
    expect(problemsOf("lora(rank = 1) on image.atn.q except text").map(([code]) => code)).toEqual(["E501"]);
    expect(problemsOf("freeze image.atn.q except text").map(([code]) => code)).toEqual(["E501"]);
  });

  test("has to select something", () => {
    expect(
      problemsOf("lora(rank = 1) on image.attn.q except image.atn.q").map(([code, place]) => [code, place]),
    ).toEqual([["E501", "image.atn.q"]]);
  });
});
