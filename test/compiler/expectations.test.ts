import { expect, test } from "vitest";
import { planWith, problemsOf } from "./two-encoders.ts";

/** In all 3,081 parameters, and 32 of adapters; trained are the 32 and those of the head, 32 too. */
const rules =
  "freeze image, text, temperature\nlora(rank = 1) on image.second.attn.q, heads.latent except image.second.layers[0].attn.q\n";

const total = 3081 + 2 * (4 + 4) + (8 + 4);
const trainable = 2 * (4 + 4) + (8 + 4) + 32;
const counted = "expect count(image.second.layers[1..].attn.q) = 2\n";

/** Which of some expectations hold, all of them in one spec. */
function held(expectations: readonly string[]): readonly (readonly [string, boolean])[] {
  const failed = new Set<string>();
  for (const [code, place] of problemsOf(expectations.map((each) => `expect ${each}`).join("\n"))) {
    expect(code).toBe("E509");
    failed.add(place);
  }
  return expectations.map((each) => [each, !failed.has(`expect ${each}`)]);
}

test("amounts are those of the model with its adapters and rules", () => {
  const amounts: readonly (readonly [string, number])[] = [
    ["trainable", trainable],
    ["total", total],
    ["base", 3081],
    ["frozen", total - trainable],
    ["trainable(image)", 16],
    ["trainable(heads.latent)", 44],
    ["trainable(image.second.layers[1].**.lora)", 8],
    ["trainable(text)", 0],
    ["count(image.attn.q)", 6],
    ["count(image.attn.q, image.first.attn.q)", 6],
    ["count(image.attn.q, text.attn.q,v)", 14],
    ["trainable + 2 * 3", trainable + 6],
    ["total - base - 1", total - 3081 - 1],
    ["(total - base) / 4", 7],
    ["7 * (1 + 2)", 21],
  ];
  const lines = amounts.map(([amount, expected]) => `expect ${amount} = ${expected}\n`);
  const { expectations } = planWith(`${rules}${counted}${lines.join("")}`);
  expect(expectations.slice(1)).toEqual(
    amounts.map(([amount, expected]) => ({ text: `${amount} = ${expected}`, holds: true, found: expected })),
  );
});

test("comparisons", () => {
  const five = "count(text.attn.q) + 1";
  expect(
    held(["<", "<=", ">", ">=", "="].flatMap((sign) => [6, 5, 4].map((number) => `${five} ${sign} ${number}`))),
  ).toEqual([
    [`${five} < 6`, true],
    [`${five} < 5`, false],
    [`${five} < 4`, false],
    [`${five} <= 6`, true],
    [`${five} <= 5`, true],
    [`${five} <= 4`, false],
    [`${five} > 6`, false],
    [`${five} > 5`, false],
    [`${five} > 4`, true],
    [`${five} >= 6`, false],
    [`${five} >= 5`, true],
    [`${five} >= 4`, true],
    [`${five} = 6`, false],
    [`${five} = 5`, true],
    [`${five} = 4`, false],
  ]);
});

test("a number means what rounds to the digits written", () => {
  const expected: readonly (readonly [string, boolean])[] = [
    ["total = 3.1K", true],
    ["total = 3.08K", true],
    ["total = 3.081K", true],
    ["total = 3.082K", false],
    ["total = 3K", true],
    ["total = 4K", false],
    ["3.1K = total", true],
    ["3.2K = total", false],
    ["total = 0.0031M", true],
    ["total = 0.003_1M", true],
    ["total = 0.0032M", false],
    ["total / 1000_000 = 0.0031", true],
    ["total / 1000_000 = 0.0032", false],
    ["total * 1000_000 = 3.1B", true],
    ["total * 1000_000 = 3.0B", false],
    ["total = 3_081", true],
    ["total = 3_080", false],
    ["frozen / total = 0%", true],
    ["base / total = 100.00%", true],
    ["1 / total = 0.03%", true],
    ["1 / total = 0.04%", false],
    ["total = base", true],
    ["total = base + 1", false],
  ];
  expect(held(expected.map(([text]) => text))).toEqual(expected);
});

test("an expectation that does not hold is said with what was found, in the unit of what was expected", () => {
  const expectations = ["total =  2_000", "base / total = 10%", "base / 2 = 10", "base   / 3 > total"];
  expect(problemsOf(`${rules}${counted}${expectations.map((each) => `expect ${each}\n`).join("")}`)).toEqual([
    ["E509", "expect total =  2_000", "expected total = 2_000, found total = 3,109", null],
    ["E509", "expect base / total = 10%", "expected base / total = 10%, found base / total = 99.10%", null],
    ["E509", "expect base / 2 = 10", "expected base / 2 = 10, found base / 2 = 1540.50", null],
    ["E509", "expect base   / 3 > total", "expected base / 3 > total, found base / 3 = 1,027", null],
  ]);
});

test("what cannot be measured is refused", () => {
  const expectations: readonly (readonly [string, string, string])[] = [
    ["trainables > 1", "E510", "trainables"],
    ["frozen(text) > 1", "E510", "frozen"],
    ["count > 1", "E510", "count"],
    ["1 < 2 * counts(text)", "E510", "counts"],
    ["count(txt) = 1", "E506", "txt"],
    ["trainable(text.attn.w) = 1", "E505", "text.attn.w"],
    ["count(text.atn.q) + 1 = 1", "E501", "text.atn.q"],
    ["1 + count(text.layers[4]) = 1", "E507", "4"],
  ];
  const found = problemsOf(expectations.map(([text]) => `expect ${text}\n`).join(""));
  const sorted = (pairs: readonly (readonly [string, string])[]) => pairs.map((pair) => pair.join(" ")).toSorted();
  expect(sorted(found.map(([code, place]) => [code, place]))).toEqual(
    sorted(expectations.map(([, code, place]) => [code, place])),
  );
});

test("nothing that is counted is wrong beside a placement that is", () => {
  const codes = problemsOf("lora(rank = 1) on image.attn.missing\nexpect trainable = 7\nexpect nonsense = 7").map(
    ([code]) => code,
  );
  expect(codes.toSorted()).toEqual(["E505", "E510"]);
});
