import { expect, test } from "vitest";
import { matcherOf } from "../../runtime/app/weights/name-patterns.ts";

test.each<[pattern: string, fits: readonly string[], fitsNot: readonly string[]]>([
  ["temperature", ["temperature"], ["temperatures", "a.temperature", ""]],
  ["to_*", ["to_", "to_pixels.weight"], ["a.to_pixels", "to"]],
  ["*.bias", [".bias", "a.b.bias"], ["bias", "a.bias.x"]],
  ["*_extra*", ["_extra", "to_text_latent_extra.weight"], ["extra"]],
  ["a*b*a", ["aba", "a.b.b.a"], ["ab", "aa", "ba", "abab"]],
  // The ends may not share characters.
  ["aa*aa", ["aaaa", "aabaa"], ["aa", "aaa"]],
  ["a*b*b", ["abb", "acbcb"], ["ab"]],
  ["*", ["", "anything"], []],
  ["**", ["", "anything"], []],
  ["", [""], ["a"]],
  // All else stands for itself.
  ["a.c", ["a.c"], ["abc"]],
  ["h.(0|1)+*", ["h.(0|1)+.w"], ["h.0"]],
])("%o", (pattern, fits, fitsNot) => {
  const isFit = matcherOf([pattern]);
  expect(fits.filter((name) => !isFit(name))).toEqual([]);
  expect(fitsNot.filter((name) => isFit(name))).toEqual([]);
});

test("a name need fit one of several patterns, and none of no patterns", () => {
  expect(["a", "b.x", "c"].map(matcherOf(["a", "b.*"]))).toEqual([true, true, false]);
  expect(matcherOf([])("")).toBe(false);
});
