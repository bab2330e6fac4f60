import { describe, expect, test } from "vitest";
import { problemsOf } from "./two-encoders.ts";

/** What is said of the layers that a placement leaves out, and what it points at. */
function warnings(rules: string): readonly (readonly [string, string])[] {
  return problemsOf(rules).map(([code, place, message]) => {
    expect(code).toBe("E508");
    return [message, place];
  });
}

const placed = (on: string): string => `lora(rank = 1) on ${on}`;

describe("a placement on some layers of a stage and not on others is a warning", () => {
  test("with the layers that it covers", () => {
    const expected: readonly (readonly [string, readonly string[]])[] = [
      ["text.layers[0, 1, 3].attn.q", ["this covers layers 0 to 1, 3 of the 4 layers of `text.layers`"]],
      ["text.layers[0, 2].attn.q", ["this covers layers 0, 2 of the 4 layers of `text.layers`"]],
      ["image.first.layers[1..].last", ["this covers layers 1 to 2 of the 3 layers of `image.first.layers`"]],
      [
        "image.layers[0..2].attn.q",
        [
          "this covers layers 0 to 1 of the 3 layers of `image.first.layers`",
          "this covers layers 0 to 1 of the 3 layers of `image.second.layers`",
        ],
      ],
      ["text.layers[1].attn.q, text.layers[3].attn.q", ["this covers layers 1, 3 of the 4 layers of `text.layers`"]],
      [
        "text.layers[0..2].attn.q, text.layers[2..].attn.v",
        ["this covers layers 2 to 3 of the 4 layers of `text.layers`"],
      ],
    ];
    const rules = expected.map(([on]) => `lora(rank = 1) also on ${on}`);
    expect(warnings(rules.join("\n"))).toEqual(
      expected.flatMap(([, messages], index) => messages.map((message) => [message, rules[index]])),
    );
  });

  test("but not one on a whole stage, or on no part of one", () => {
    const whole = [
      "text.attn.q",
      "text.attn.qkv",
      "text.layers[0..2].attn.q, text.layers[2..].attn.q",
      "image.first.attn.q",
      "image.first.attn.qkv, image.second.last",
      "text.pooler",
      "heads.latent",
    ];
    expect(warnings(whole.map((on) => `lora(rank = 1) also on ${on}`).join("\n"))).toEqual([]);
  });

  test("each placement is looked at by itself", () => {
    const first = placed("text.layers[0..2].attn.q");
    const second = placed("text.layers[2..].attn.q");
    expect(warnings(`${first}\n${second}`)).toEqual([
      ["this covers layers 0 to 1 of the 4 layers of `text.layers`", first],
      ["this covers layers 2 to 3 of the 4 layers of `text.layers`", second],
    ]);
  });
});

describe("an `except` that names what is left out says that it is meant", () => {
  test.each<[string, readonly string[]]>([
    ["text.attn.q except text.layers[3]", []],
    ["text.attn.qkv except text.layers[1].attn.v, text.layers[-1]", []],
    [
      "text.layers[0..3].attn.q except text.layers[1].attn.q",
      ["this covers layers 0, 2 of the 4 layers of `text.layers`"],
    ],
    ["image.attn.q except image.first.layers[0]", []],
    [
      "text.layers[..2].attn.q, text.attn.v except text.layers[3].attn.v",
      ["this covers layers 0 to 1 of the 4 layers of `text.layers`"],
    ],
  ])("%s", (on, expected) => {
    expect(warnings(placed(on)).map(([message]) => message)).toEqual(expected);
  });
});

describe("an expected count of the same modules says that it is meant", () => {
  test.each<[string, string, number]>([
    ["text.layers[0..2].attn.q", "count(text.layers[0..2].attn.q) = 2", 0],
    ["text.layers[0..2].attn.q", "2 = count(text.layers[0..2].attn.q)", 0],
    ["text.layers[0..2].attn.q", "count(text.attn.q) = 4", 0],
    ["text.layers[0..2].attn.q", "count(text.layers[0].attn.q) = 1", 1],
    ["text.layers[0..2].attn.q", "count(text.layers[0..2].attn.v) = 2", 1],
    ["text.layers[0..2].attn.q", "trainable(text.**.q.lora) = 32", 1],
    ["image.layers[0].attn.q", "count(image.first.layers[0].attn.q) = 1", 1],
    ["image.layers[0].attn.q", "count(image.layers[0].attn.q) = 2", 0],
  ])("%s with %s", (on, expectation, count) => {
    const found = warnings(`${placed(on)}\nexpect ${expectation}`);
    expect(found).toHaveLength(count);
  });

  test("a stage that is counted is meant, another that is not is not", () => {
    const on = "image.first.layers[0].attn.q, image.second.layers[1..].attn.q";
    expect(warnings(`${placed(on)}\nexpect count(image.first.layers[0].attn.q) = 1`)).toEqual([
      ["this covers layers 1 to 2 of the 3 layers of `image.second.layers`", placed(on)],
    ]);
  });
});
