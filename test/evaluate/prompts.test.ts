import { expect, test } from "vitest";
import { promptTexts } from "../../compiler/index.ts";
import { loadTokenizer, type Tokenizer } from "../../runtime/data/index.ts";
import { equalPrompts } from "../../runtime/evaluate/index.ts";

function load(): Tokenizer {
  const loaded = loadTokenizer("test/fixtures/ctrate-small/vocab.txt");
  if (loaded.kind === "failed") throw new Error(loaded.problem.message);
  return loaded.value;
}

const tokenizer = load();

/** What is wrong with prompts, for a text encoder of so many tokens. */
function wrong(
  classes: readonly string[],
  [present, absent]: readonly [string, string],
  length: number,
): string | null {
  const prompts = { present: [present], absent: [absent] };
  return equalPrompts({ classes, prompts }, tokenizer, length)?.message ?? null;
}

test("each class has its prompts in turn, the present ones before the absent ones", () => {
  const classes = [" a ", "b"];
  const two = { present: ["{class}."], absent: ["no {class}"] };
  expect(promptTexts({ classes, prompts: two })).toEqual(["a.", "no a", "b.", "no b"]);
  const three = { present: ["{class}.", "with {class}"], absent: ["no {class}"] };
  expect(promptTexts({ classes, prompts: three })).toEqual(["a.", "with a", "no a", "b.", "with b", "no b"]);
});

test("prompts that differ within the length of the text encoder are right, also where they are cut behind it", () => {
  expect(wrong(["lung", "nodule"], ["{class}", "no {class}"], 16)).toBeNull();
  expect(wrong(["lung", "nodule"], ["{class} lung lung lung", "no {class} lung lung lung"], 6)).toBeNull();
});

test("two prompts of a class that are cut to the same tokens are named, with the length", () => {
  expect(wrong(["nodule"], ["lung lung {class}", "lung lung no {class}"], 4)).toBe(
    'the prompts "lung lung nodule" and "lung lung no nodule" are the same for the text encoder: it takes 4 tokens, ' +
      "and they are cut before they differ",
  );
});

test("so are prompts of two classes, and of a cut one and a whole one", () => {
  expect(wrong(["lung lung nodule", "lung lung lung"], ["{class}", "no {class}"], 4)).toContain(
    '"lung lung nodule" and "lung lung lung"',
  );
  expect(wrong(["lung lung", "lung lung nodule"], ["{class}", "no {class}"], 4)).toContain("cut before they differ");
});

test("prompts that the vocabulary does not tell apart are named without being cut", () => {
  for (const classes of [
    ["lung", "Lung"],
    ["qqq", "zzz"],
  ]) {
    expect(wrong(classes, ["{class}", "no {class}"], 16)).toBe(
      `the prompts "${classes[0]}" and "${classes[1]}" are the same for the text encoder, which takes 16 tokens: they differ in ` +
        "nothing that the vocabulary knows",
    );
  }
});
