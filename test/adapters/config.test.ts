import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ia3Config, loraConfig, meaningOnly, readPeftConfig, scaleIn } from "../../runtime/adapters/index.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";
import { jsonFields } from "./small-spec.ts";

const written = readFileSync("test/fixtures/ctclip-small/peft_adapter/adapter_config.json", "utf8");

/** The config that PEFT wrote, with other fields. */
function configWith(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...jsonFields(written), ...fields });
}

function loraOf(text: string) {
  const config = readPeftConfig(text);
  if (config.kind !== "lora") throw new Error(config.kind === "wrong" ? config.problem : config.kind);
  return config;
}

function scaleOf(fields: Readonly<Record<string, unknown>>, module: string): number {
  return scaleIn(loraOf(configWith(fields)), module);
}

test("what PEFT wrote is read", () => {
  const config = loraOf(written);
  expect([config.rankOf("a"), config.alphaOf("a"), config.dropout, config.hasLengths]).toEqual([4, 8, 0, false]);
  expect(scaleIn(config, "a")).toBe(2);
});

test.each([true, false, null, "gaussian", "Gaussian", "orthogonal", "eva", "mica"])(
  "LoRA that started with %s is that of the model's own weights",
  (start) => {
    expect(loraOf(configWith({ init_lora_weights: start })).kind).toBe("lora");
  },
);

test("`init_weights` of another type is held against its declaration only where it says what is computed", () => {
  const fieldsOf = (start: unknown): readonly string[] => {
    const config = readPeftConfig(JSON.stringify({ peft_type: "MISS", r: 4, init_weights: start }));
    return config.kind === "declared" ? [...config.fields.keys()] : [];
  };
  for (const start of [true, false, null, "lycoris", "orthogonal"]) expect(fieldsOf(start)).toEqual(["r"]);
  expect(fieldsOf("bat")).toEqual(["r", "init_weights"]);
});

test("the scale is PEFT's: alpha / rank or alpha / sqrt(rank), with the first pattern that fits the end of a name", () => {
  expect(scaleOf({ use_rslora: true }, "a")).toBe(4);
  const patterns = { rank_pattern: { q: 2, "b.q": 8, "^c.v$": 1 }, alpha_pattern: { ".*\\.v": 3 } };
  expect(["a.b.q", "a.b.qq", "q", "c.v", "x.c.v", "v"].map((name) => scaleOf(patterns, name))).toEqual([
    8 / 2,
    8 / 4,
    8 / 2,
    3 / 1,
    3 / 4,
    8 / 4,
  ]);
});

test("ranks and alphas that differ are written so that they are read back for each module", () => {
  const modules = [
    { module: "text.layers.1.1.q", rank: 4, scale: 2, dropout: 0, hasLengths: false },
    // To PEFT's regular expressions the name above means this one too.
    { module: "text.layers.111.q", rank: 8, scale: 0.5, dropout: 0.1, hasLengths: false },
    { module: "layers.111.q", rank: 3, scale: 1 / 3, dropout: 0, hasLengths: false },
    { module: "vision.q", rank: 8, scale: 0.5, dropout: 0, hasLengths: false },
  ];
  const fields = loraConfig(modules);
  expect(fields).toMatchObject({ r: 8, lora_alpha: 4, lora_dropout: 0.1, use_rslora: false, use_dora: false });
  const config = loraOf(JSON.stringify(fields));
  for (const { module, rank, scale } of modules) {
    expect([module, config.rankOf(module)]).toEqual([module, rank]);
    expect(scaleIn(config, module)).toBeCloseTo(scale, 9);
  }
});

test("names that other modules of the model end with are written as an expression for whole names", () => {
  const model = new Set(["layers.0.q", "text.layers.0.q", "text.layers.1.q", "text.layers0.q", "text.layers", "text"]);
  const adapted = (names: readonly string[]) => {
    const config = ia3Config(names.map((module) => ({ module, on: module.startsWith("text") ? "inputs" : "outputs" })));
    const written = meaningOnly(config, model);
    const read = readPeftConfig(JSON.stringify(written));
    if (read.kind !== "ia3") throw new Error(read.kind);
    const [targets, inputs] = [[...model].filter((each) => read.targets(each) === null), names.filter(read.isOnInputs)];
    return { target: written["target_modules"], targets, inputs };
  };
  expect(adapted(["text.layers.0.q", "text.layers.1.q"])).toEqual({
    target: ["text.layers.0.q", "text.layers.1.q"],
    targets: ["text.layers.0.q", "text.layers.1.q"],
    inputs: ["text.layers.0.q", "text.layers.1.q"],
  });
  expect(adapted(["layers.0.q", "text.layers.1.q"])).toEqual({
    target: "layers\\.0\\.q|text\\.layers\\.1\\.q",
    targets: ["layers.0.q", "text.layers.1.q"],
    inputs: ["text.layers.1.q"],
  });
});

test("a scale that is a whole alpha over the root of the rank is written as rank-stabilised", () => {
  const made = { module: "q", rank: 24, dropout: 0, hasLengths: false };
  expect(loraConfig([{ ...made, scale: 48 / Math.sqrt(24) }])).toMatchObject({ lora_alpha: 48, use_rslora: true });
  expect(loraConfig([{ ...made, scale: 2 }])).toMatchObject({ lora_alpha: 48, use_rslora: false });
});

describe("a config that would make tensors mean something else is refused in words", () => {
  test.each<readonly [what: string, text: string, problem: RegExp]>([
    ["no JSON", "{", /^it is not valid JSON: /],
    ["an array", "[]", /^it is not an object$/],
    ["null", "null", /^it is not an object$/],
    ["a key twice", '{"r": 1, "r": 2}', /^it has `r` twice$/],
    ["a key twice, once with an escape", '{"r": 1, "\\u0072": 2}', /^it has `r` twice$/],
    [
      "lists nested 200,000 deep",
      `${"[".repeat(200_000)}${"]".repeat(200_000)}`,
      /^it is nested deeper than 16 levels$/,
    ],
    ["objects nested 100,000 deep", '{"a":'.repeat(100_000), /^it is nested deeper than 16 levels$/],
    ["a type that is no name", configWith({ peft_type: "LoHa of mine" }), /^its `peft_type` is "LoHa of mine"/],
    ["no type", configWith({ peft_type: undefined }), /^its `peft_type` is missing/],
    ["a rank of 0", configWith({ r: 0 }), /^its `r` is 0, but must be a whole number above 0$/],
    ["a negative rank", configWith({ r: -4 }), /^its `r` is -4/],
    ["a rank that is no whole number", configWith({ r: 1.5 }), /^its `r` is 1.5/],
    ["a rank as text", configWith({ r: "4" }), /^its `r` is "4"/],
    ["a list as a rank", configWith({ r: [4] }), /^its `r` is \[4\]/],
    ["no rank", configWith({ r: undefined }), /^its `r` is missing/],
    [
      "an alpha that is too large",
      written.replace('"lora_alpha": 8', '"lora_alpha": 1e999'),
      /^its `lora_alpha` is Infinity/,
    ],
    ["an alpha as text", configWith({ lora_alpha: "8" }), /^its `lora_alpha` is "8"/],
    ["a dropout of 1", configWith({ lora_dropout: 1 }), /^its `lora_dropout` is 1/],
    ["a flag as text", configWith({ use_rslora: "yes" }), /^its `use_rslora` is "yes", but must be true or false$/],
    ["patterns in a list", configWith({ rank_pattern: ["q"] }), /^its `rank_pattern` is \["q"\]/],
    ["a pattern with a rank of 0", configWith({ rank_pattern: { q: 0 } }), /^in `rank_pattern`, its `q` is 0/],
    [
      "a pattern for __proto__ as text",
      configWith({}).replace('"rank_pattern":{}', '"rank_pattern":{"__proto__":"x"}'),
      /__proto__/,
    ],
    [
      "2,001 patterns",
      configWith({ rank_pattern: Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`q${index}`, 1])) }),
      /2001 patterns/,
    ],
    ["other biases", configWith({ bias: "some" }), /^its `bias` is "some", but must be none, all or lora_only/],
    ["biases of updates", configWith({ lora_bias: true }), /^it sets `lora_bias`/],
    ...["pissa", "pissa_niter_16", "PiSSA", "olora", "corda", "lora_ga"].map(
      (start) =>
        [
          start,
          configWith({ init_lora_weights: start }),
          new RegExp(`^its \`init_lora_weights\` is "${start}": it fits weights that PEFT took .*path_initial_model`),
        ] as const,
    ),
    ["LoftQ", configWith({ init_lora_weights: "loftq" }), /is "loftq": it fits weights that PEFT quantised/],
    ["another start", configWith({ init_lora_weights: "best" }), /is "best", which is not supported$/],
    ["a start that is no word", configWith({ init_lora_weights: 3 }), /is 3, which is not supported$/],
    ["a key that is not known", configWith({ use_mine: true }), /^it sets `use_mine`, which is not supported$/],
    ["a list that is not known", configWith({ mine: ["x"] }), /^it sets `mine`, which is not supported$/],
    [
      "a pattern that refers back",
      configWith({ rank_pattern: { "(a)\\1": 2 } }),
      /^in `rank_pattern`, the pattern .* refers back/,
    ],
    ["targets that are no names", configWith({ target_modules: [1] }), /^its `target_modules` is \[1\]/],
    ["a broken target", configWith({ target_modules: "(q" }), /^in `target_modules`, the pattern `\(q` is not a valid/],
    ["layers that are no numbers", configWith({ layers_to_transform: ["1"] }), /^its `layers_to_transform` is \["1"\]/],
    [
      "a long value",
      configWith({ peft_type: "x".repeat(3_000_000) }),
      /^its `peft_type` is "x{59}\.\.\., but must be a type of PEFT, such as LORA$/,
    ],
  ])("%s", (_, text, problem) => {
    const config = readPeftConfig(text);
    expect(config.kind === "wrong" ? config.problem : "it is read").toMatch(problem);
  });
});

test("fields of a later version with numbers and names are listed, and change nothing", () => {
  const config = loraOf(configWith({ new_size: 16, new_mode: "plain", new_flag: false, peft_version: "9.1.0" }));
  expect([config.unknown, config.version]).toEqual([["`new_size` (16)", '`new_mode` ("plain")'], "9.1.0"]);
  expect(loraOf(written).unknown).toEqual([]);
});

test("a pattern that is a number beside another that fits too is refused, as the order of both is lost", () => {
  const ranks = { rank_pattern: { "net.0": 2, "0": 16 } };
  expect(() => scaleOf(ranks, "net.0")).toThrow("a pattern that is a number and `net.0` both fit `net.0`");
  expect([scaleOf(ranks, "x.0"), scaleOf(ranks, "net.1")]).toEqual([0.5, 2]);
});

test("patterns fit a name without what torch.compile put into it, where they do not fit it with that", () => {
  const ranks = { rank_pattern: { "^text\\.q$": 2, "^text\\._orig_mod\\.v$": 8 } };
  const names = ["text._orig_mod.q", "text.q", "text._orig_mod.v", "text.v"];
  expect(names.map((name) => scaleOf(ranks, name))).toEqual([4, 4, 1, 2]);
});

const count = mutantCount(5000);
test(`${count} mutants of a config are read, or refused in words`, () => {
  const random = new Random(17);
  const good = configWith({ rank_pattern: { "layers.0.q": 2 }, alpha_pattern: { v: 3 }, use_rslora: true });
  let refused = 0;
  for (let index = 0; index < count; index++) {
    let text = good;
    for (let edit = 0; edit <= random.below(4); edit++) {
      const at = random.below(text.length);
      const put = random.pick(["", '"', "{", "]", ",", "1e400", "null", "\\u0000", "-", ".*", "q"]);
      text = text.slice(0, at) + put + text.slice(at + random.below(6));
    }
    const config = readPeftConfig(text);
    if (config.kind === "wrong") {
      expect(config.problem).toMatch(/^(it|its|in) /);
      refused++;
    } else if (config.kind === "lora") expect(Number.isFinite(scaleIn(config, "layers.0.q"))).toBe(true);
  }
  expect(refused).toBeGreaterThan(count / 5);
});
