import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { keywordKinds } from "../../grammar/highlighting/words.ts";
import { createSource, keywords, lex, parse } from "../../grammar/index.ts";
import { type Category, contextual, differencesFrom } from "./own-tokens.ts";
import { examples, specs } from "./texts.ts";
import { type Scoped, tokenize } from "./tokenize.ts";

/** What a stretch is, by its scopes; within strings and comments the outer scope counts. */
function categoryOf({ scopes, text }: Scoped): Category {
  const has = (pattern: RegExp): boolean => scopes.some((scope) => pattern.test(scope));
  const innermost = scopes.at(-1) ?? "";
  if (has(/^comment\./)) return "comment";
  if (has(/^string\./)) return "string";
  if (has(/^constant\.numeric\./)) return "number";
  if (/^(keyword\.operator\.(?!logical)|punctuation\.|constant\.other\.wildcard)/.test(innermost)) return "symbol";
  if (/^(keyword|storage|constant\.language)\./.test(innermost)) return "keyword";
  return text.trim() === "" ? "blank" : "name";
}

/** The category of every character that is not blank. */
function scopedCategories(text: string, scoped: readonly Scoped[]): readonly Category[] {
  const categories: Category[] = Array.from(text, () => "blank");
  for (const piece of scoped) categories.fill(categoryOf(piece), piece.start, piece.start + piece.text.length);
  return categories;
}

/** Where the grammar and the lexer see different things. */
async function differences(text: string): Promise<readonly string[]> {
  return differencesFrom(text, scopedCategories(text, await tokenize(text)));
}

describe("every token of the lexer is what the grammar sees", () => {
  test.each(specs)("$name", async ({ text }) => {
    expect(await differences(text)).toEqual([]);
  });
  test.each(examples)("LANGUAGE.md, $name", async ({ text }) => {
    expect(await differences(text)).toEqual([]);
  });

  const pieces = [
    ...[...Object.keys(keywords), ...contextual, "x", "f32", "bool", "text.attn.q,v", "_a1", "e3", "(", ")", "[", "]"],
    ...[
      "{",
      "}",
      "==",
      "=>",
      "=",
      "|>",
      "..",
      "...",
      ".",
      ",",
      ":",
      "*",
      "**",
      "+",
      "-",
      "//",
      "/",
      "%",
      "<=",
      ">",
      "!=",
    ],
    ...["1.67M", "0.38%", "1_671_168", "1e-4", "64KB", "8", "7%3", '"b (t h) d -> b t"', '"a \\"b\\n"', '"{class} is"'],
    ...["# comment", '"open', "é", ";", "\n"],
  ];
  test("in any order of pieces, with blanks between them or without", async () => {
    const piece = fc.tuple(fc.constantFrom(...pieces), fc.constantFrom("", " ", " ", "\n"));
    const text = fc.array(piece, { maxLength: 12 }).map((each) => each.flat().join(""));
    await fc.assert(
      fc.asyncProperty(text, async (each) => {
        expect(await differences(each)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Everything in a tree that fits, whatever it is a part of. */
function collect<Found>(tree: unknown, fits: (node: object) => Found | null): readonly Found[] {
  if (typeof tree !== "object" || tree === null) return [];
  const found = fits(tree);
  const parts = Object.entries(tree).flatMap(([key, part]) => (key === "source" ? [] : collect(part, fits)));
  return found === null ? parts : [found, ...parts];
}

const spanned = v.object({ span: v.object({ start: v.number(), end: v.number() }) });
const named = v.object({ ...spanned.entries, text: v.string(), kind: v.optional(v.literal("name")) });
const typed = v.object({ ...spanned.entries, kind: v.picklist(["scalar-type", "list-type", "tensor-type"]) });
const worded = v.object({
  ...spanned.entries,
  kind: v.picklist(["input", "metric", "parameter-group", "addition", "removal"]),
});

/** Where something stands in a spec, with the first word of it. */
function startsOf(text: string, schema: typeof named | typeof typed | typeof worded): readonly number[] {
  const { file } = parse(createSource("spec.vlm", text));
  return collect(file, (node) => (v.is(schema, node) ? node.span.start : null));
}

describe("what the parser finds is what the grammar sees", () => {
  // In a text that is not formatted, a member may start in the middle of a line, which a grammar for editors takes for an expression.
  test.each(specs.filter(({ name }) => !name.endsWith(".input.vlm")))("$name", async ({ text }) => {
    const scoped = await tokenize(text);
    const at = (start: number): Scoped | undefined =>
      scoped.find((each) => each.start <= start && start < each.start + each.text.length);
    const categoryAt = (start: number): Category => categoryOf(at(start) ?? { start, text: "", scopes: [] });

    for (const start of startsOf(text, named)) {
      // A selector may be called as a keyword is, and `*` is a part of its names.
      const [image = ""] = /^\w*/.exec(text.slice(start)) ?? [];
      if (image !== "") expect(`${start} ${image} ${categoryAt(start)}`).toBe(`${start} ${image} name`);
    }
    for (const start of startsOf(text, typed)) expect(at(start)?.scopes).toContain("support.type.vlm");
    const words = startsOf(text, worded);
    for (const start of words) expect(categoryAt(start)).toBe("keyword");

    // No name is a keyword but the words that start such members, `amends`, `shared` and `optional`.
    const others = lex(text).tokens.filter(
      ({ image, startOffset }) =>
        /^[A-Za-z_]/.test(image) && !(image in keywords) && categoryAt(startOffset) === "keyword",
    );
    const beside = others.filter(({ startOffset }) => !words.includes(startOffset)).map(({ image }) => image);
    expect(beside.filter((image) => !["amends", "shared", "optional"].includes(image))).toEqual([]);
  });
});

test.each(Object.keys(keywordKinds))("`%s` is a keyword, alone and in a line", async (word) => {
  for (const text of [word, `x ${word} y`]) {
    const scoped = await tokenize(text);
    expect(scoped.filter((each) => each.text === word).map(categoryOf)).toEqual(["keyword"]);
  }
});
