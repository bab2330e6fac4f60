import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { File } from "../../grammar/ast.ts";
import { formatFile } from "../../grammar/format.ts";
import { parse } from "../../grammar/parser.ts";
import { createSource } from "../../grammar/source.ts";
import { arbitraryFile } from "./arbitrary-file.ts";

/** A tree without its spans, which differ between two texts of the same tree. */
function withoutSpans(file: File): unknown {
  return JSON.parse(JSON.stringify(file, (key, value: unknown) => (key === "span" ? undefined : value)));
}

test("what is formatted parses to the same tree", () => {
  fc.assert(
    fc.property(arbitraryFile, (file) => {
      const formatted = formatFile(file, []);
      const again = parse(createSource("again", formatted));
      expect(again.diagnostics.map(({ message }) => message)).toEqual([]);
      expect(withoutSpans(again.file)).toEqual(withoutSpans(file));
    }),
    { numRuns: 1500 },
  );
});

test("formatting twice gives the same text", () => {
  fc.assert(
    fc.property(arbitraryFile, (file) => {
      const once = formatFile(file, []);
      expect(formatFile(parse(createSource("again", once)).file, [])).toBe(once);
    }),
    { numRuns: 1500 },
  );
});

/** A comment at a random line end of a file, where one may always stand. */
const specs = ["specs", "examples/placements"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".vlm"))
    .map((name) => readFileSync(join(folder, name), "utf8")),
);

test("no comment is lost, wherever it stands, and the tree stays", () => {
  fc.assert(
    fc.property(fc.constantFrom(...specs), fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (spec, places) => {
      const lines = spec.split("\n");
      for (const [index, place] of places.entries()) {
        const at = place % lines.length;
        if (!lines[at]?.includes("#")) lines[at] = `${lines[at] ?? ""} # made ${index}`;
      }
      const source = createSource("commented", lines.join("\n"));
      const before = parse(source);
      const formatted = formatFile(before.file, before.comments);
      const after = parse(createSource("again", formatted));
      expect(after.comments.map(({ text }) => text).toSorted()).toEqual(
        before.comments.map(({ text }) => text).toSorted(),
      );
      expect(withoutSpans(after.file)).toEqual(withoutSpans(before.file));
      expect(formatFile(after.file, after.comments)).toBe(formatted);
    }),
    { numRuns: 1000 },
  );
});
