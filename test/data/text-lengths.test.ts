import { expect, test } from "vitest";
import { describeAlike, describeCut, measureTexts } from "../../runtime/data/text-lengths.ts";
import { loadTokenizer, type Tokenizer } from "../../runtime/data/tokenizers/index.ts";

function load(): Tokenizer {
  const loaded = loadTokenizer("test/fixtures/ctrate-small/vocab.txt");
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  return loaded.value;
}

const tokenizer = load();

test("a text is counted with its start and end, whatever it is cut to", () => {
  expect(["", "lung", "lung nodule", " lung\tnodule\r\nlung "].map(tokenizer.count)).toEqual([2, 3, 5, 6]);
  for (const text of ["lung nodule lung", "lung"]) {
    expect(tokenizer.encode(text, 50).mask.indexOf(0)).toBe(tokenizer.count(text));
  }
});

test("texts that are longer than a length are counted, and the longest is measured", () => {
  const texts = ["lung nodule", "lung nodule lung", "lung nodule lung lung", "lung"];
  const lengths = measureTexts(texts, tokenizer, 5);
  expect(lengths).toEqual({ texts: 4, cut: 2, longest: 7, alike: 3, tokens: [5, 6, 7, 3] });
  expect(describeCut("report", lengths, 5)).toBe(
    "2 of 4 reports are longer than 5 tokens and are cut; the longest has 7",
  );
  expect(describeCut("prompt", measureTexts(texts, tokenizer, 6), 6)).toBe(
    "1 of 4 prompts is longer than 6 tokens and is cut; the longest has 7",
  );
  expect(describeCut("report", measureTexts(texts, tokenizer, 7), 7)).toBeNull();
});

test("texts that are alike only once they are cut are counted, and not those that are the same from the start", () => {
  const same = ["lung lung lung", "lung lung lung", "LUNG lung lung"];
  expect(measureTexts(same, tokenizer, 4)).toMatchObject({ cut: 3, alike: 0 });
  const lengths = measureTexts([...same, "lung lung nodule", "nodule"], tokenizer, 4);
  expect(lengths).toMatchObject({ cut: 4, alike: 4 });
  expect(describeAlike(lengths, 4)).toBe(
    "4 reports differ only after their first 4 tokens, where they are cut: a contrastive loss cannot tell them apart",
  );
  expect(describeAlike(measureTexts(same, tokenizer, 4), 4)).toBeNull();
  expect(measureTexts([...same, "lung lung nodule"], tokenizer, 6).alike).toBe(0);
});
