import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Item } from "../../grammar/ast.ts";
import { parse } from "../../grammar/parser.ts";
import { createSource } from "../../grammar/source.ts";
import { endOf, lex } from "../../grammar/tokens.ts";

/** The whole library as one text: many blocks behind every token. */
const library = readdirSync("specs/std")
  .sort()
  .map((name) => readFileSync(join("specs/std", name), "utf8"))
  .join("\n");
const { tokens } = lex(library);
const { items } = parse(createSource("library", library)).file;

function withoutSpans(item: Item): string {
  return JSON.stringify(item, (key, value: unknown) => (key === "span" ? undefined : value));
}

const insertions = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  "=",
  "let",
  "module",
  "forward",
  "x",
  '"',
  "3",
  "|>",
  "return",
  ".",
];

test("one token inserted, deleted or changed keeps 95 % of the blocks behind it, and gives few errors", () => {
  let behind = 0;
  let kept = 0;
  let worst = 0;
  let errors = 0;
  let edits = 0;
  fc.assert(
    fc.property(
      fc.nat(tokens.length - 1),
      fc.constantFrom("insert", "delete", "change"),
      fc.constantFrom(...insertions),
      (index, action, inserted) => {
        const token = tokens[index];
        if (token === undefined) return;
        const end = action === "insert" ? token.startOffset : endOf(token);
        const replacement = action === "delete" ? "" : ` ${inserted} `;
        const text = library.slice(0, token.startOffset) + replacement + library.slice(end);
        const edited = parse(createSource("edited", text));
        const found = new Set(edited.file.items.map(withoutSpans));
        const after = items.filter((item) => item.span.start > token.startOffset).map(withoutSpans);
        const lost = after.filter((item) => !found.has(item)).length;
        behind += after.length;
        kept += after.length - lost;
        worst = Math.max(worst, lost);
        errors += edited.diagnostics.length;
        edits++;
      },
    ),
    { numRuns: 250, seed: 1 },
  );
  const share = ((100 * kept) / behind).toFixed(2);
  const mean = (errors / edits).toFixed(2);
  process.stdout.write(`${share} % of the blocks behind are kept, at worst ${worst} lost; ${mean} errors an edit\n`);
  expect(kept / behind).toBeGreaterThanOrEqual(0.95);
  expect(errors / edits).toBeLessThan(1.5);
});
