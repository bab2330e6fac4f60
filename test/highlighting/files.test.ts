import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { markdownInjection, textMateGrammar } from "../../grammar/highlighting/textmate.ts";
import { vimSyntax } from "../../grammar/highlighting/vim.ts";
import { language } from "./texts.ts";
import { tokenize } from "./tokenize.ts";

const lines = language.split("\n");
const starts = [0, ...Array.from(language.matchAll(/\n/g), ({ index }) => index + 1)];

/** What editors read is written from the tables of the grammar: `npm run golden:update` does it. */
test.each([
  ["grammar/vscode/vlm.tmLanguage.json", `${JSON.stringify(textMateGrammar, null, 2)}\n`],
  ["grammar/vscode/markdown.tmLanguage.json", `${JSON.stringify(markdownInjection, null, 2)}\n`],
  ["grammar/vim/syntax/vlm.vim", vimSyntax],
])("%s is what the tables make", async (path, made) => {
  await expect(made).toMatchFileSnapshot(`../../${path}`);
});

test("a small spec has these scopes", async () => {
  const text = readFileSync("test/highlighting/small.vlm", "utf8");
  const scoped = await tokenize(text);
  let start = 0;
  const printed = text.split("\n").flatMap((line) => {
    const from = start;
    start += line.length + 1;
    const pieces = scoped.filter((each) => each.start >= from && each.start < start && each.text.trim() !== "");
    const width = Math.max(0, ...pieces.map((each) => each.text.trim().length));
    return [
      line,
      ...pieces.map(({ text: piece, scopes }) => `    ${piece.trim().padEnd(width)}  ${scopes.slice(1).join(" ")}`),
    ].map((each) => each.trimEnd());
  });
  await expect(`${printed.join("\n")}\n`).toMatchFileSnapshot("small.scopes.txt");
});

test("every fence of vlm in LANGUAGE.md is code, and nothing else there is", async () => {
  let line = 0;
  const embedded = new Set<number>();
  for (const { start, scopes } of await tokenize(language, "text.html.markdown")) {
    while (starts[line + 1] !== undefined && start >= (starts[line + 1] ?? 0)) line++;
    if (scopes.includes("meta.embedded.block.vlm")) embedded.add(line);
  }
  let isCode = false;
  const expected = new Set<number>();
  for (const [index, text] of lines.entries()) {
    if (text === "```") isCode = false;
    if (isCode && text !== "") expected.add(index);
    if (text.startsWith("```vlm")) isCode = true;
  }
  expect([...embedded].filter((each) => lines[each] !== "")).toEqual([...expected]);
  expect(expected.size).toBeGreaterThan(1000);
});
