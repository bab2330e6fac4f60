import { describe, expect, test } from "vitest";
import { compareSpecs, compileSpec } from "../../compiler/index.ts";
import type { ParameterRule } from "../../compiler/select/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const library = new SpecLibrary("specs/std", "m.vlm");

const sourceWith = (groups: string) =>
  createSource(
    "m.vlm",
    `import "std/clip_text"
import "std/linear"
import "std/lora"

model m {
  encoder text = clip_text(vocab = 20, dim = 8, layers = 3, heads = 2, length = 6, outputs = 4)
  let score = text.latent |> linear(1)
  freeze text.layers[0]
  lora(rank = 2) on text.layers[0].attn.qkv
  expect count(text.layers[0].attn.qkv) = 1
  ${groups}
  loss mean(score)
}

train {
  optimizer = adamw(lr = 1e-2, weight_decay = 0.1)
}
`,
  );

/** What groups say of the parameters that have a rule, by path. */
function rulesOf(groups: string) {
  const { spec, plan, diagnostics } = compileSpec(sourceWith(groups), library);
  expect(diagnostics).toEqual([]);
  const trained = plan?.parameters.flatMap(({ path, trainable }) => (trainable ? [path] : [])) ?? [];
  const rules: ReadonlyMap<string, ParameterRule> = spec?.rules ?? new Map();
  return { rules, trained, rates: trained.map((path) => [path, rules.get(path)?.learningRate ?? null]) };
}

const errorsOf = (groups: string) =>
  compileSpec(sourceWith(groups), library).diagnostics.map(({ code, message }) => `${code} ${message}`);

describe("layer-wise decay", () => {
  const { rates } = rulesOf("group text { lr = lr * pow(0.5, above) }");
  const rateOf = (part: string): readonly unknown[] => [
    ...new Set(rates.flatMap(([path, rate]) => (String(path).includes(part) ? [rate] : []))),
  ];

  test.each([
    ["what precedes the layers", "text.token_embedding", [1e-2 / 16]],
    ["adapters in the first layer", "text.layers[0]", [1e-2 / 8]],
    ["the second", "text.layers[1]", [1e-2 / 4]],
    ["the last", "text.layers[2]", [1e-2 / 2]],
    ["what follows them", "text.ln_final", [1e-2]],
    ["what is not in the encoder", "heads.score", [null]],
  ])("of %s", (_, part, expected) => {
    expect(rateOf(part)).toEqual(expected);
  });
});

test("the last group that says something of a parameter holds, setting by setting", () => {
  const { rules } = rulesOf(`group ** { lr = 2 * lr, frozen_epochs = 1 }
  group text.layers[2] except text.layers[2].attn.qkv { lr = 1e-3 }
  group heads.score { weight_decay = 0, frozen_steps = 5 }`);
  const rule = { learningRate: 2e-2, weightDecay: null, frozenSteps: 0, frozenEpochs: 1 };
  expect(rules.get("heads.score.weight")).toEqual({ ...rule, weightDecay: 0, frozenSteps: 5 });
  const paths = [...rules.keys()].filter((path) => path.startsWith("text.layers[2]"));
  const slow = paths.filter((path) => rules.get(path)?.learningRate === 1e-3);
  expect(rules.get(paths.find((path) => path.includes("in_proj")) ?? "")).toEqual(rule);
  expect(slow.length).toBeGreaterThan(4);
  expect(rules.has("text.layers[0].attn.q.weight")).toBe(false);
});

test("a group that changes nothing else has only its place in the plan, and in a comparison", () => {
  const { comparison } = compareSpecs(
    { source: sourceWith(""), library },
    { source: sourceWith("group heads.score { lr = lr / 10, weight_decay = 0 }"), library },
  );
  expect(comparison?.settings).toEqual([
    { name: "group heads.score.weight", before: null, after: "lr 0.001, weight_decay 0" },
    { name: "group heads.score.bias", before: null, after: "lr 0.001, weight_decay 0" },
  ]);
});

test.each([
  ["group text.layers[0] except text.layers[0].lora { lr = 1 }", "E518 nothing that this group names is trained"],
  ["group text { lr = 0 }", "E602 `lr` must be a number above 0"],
  ["group text { lr = lr - 1 }", "E602 `lr` must be a number above 0"],
  ["group text { weight_decay = -1 }", "E602 `weight_decay` must be a number that is not negative"],
  ["group text { frozen_epochs = 0.5 }", "E602 `frozen_epochs` must be a whole number that is not negative"],
  ['group text { lr = "1" }', "E602 `lr` must be a number above 0"],
  ["group text { rate = 1 }", "E601 `group` has no setting `rate`"],
  ["group text { lr = depth }", "E401 `depth` is not known here"],
  ["group txt { lr = 1 }", "E506 the model has no component `txt`"],
])("%s: %s", (group, message) => {
  expect(errorsOf(group)[0]).toContain(message);
});

test("`group` is a name everywhere else", () => {
  const source = createSource(
    "m.vlm",
    "adapter group(rank: int) wraps base: any {\n  forward(x) { return base(x) }\n}\n",
  );
  const { diagnostics } = compileSpec(source, library);
  expect(diagnostics.map(({ key }) => key)).toEqual(["no-model"]);
});
