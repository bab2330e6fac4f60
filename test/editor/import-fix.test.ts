import { expect, test } from "vitest";
import { importFix } from "../../compiler/load/index.ts";
import { createSource, parse } from "../../grammar/index.ts";

function withImport(text: string, name = "linear"): string {
  const { span, text: added } = importFix(name, parse(createSource("a.vlm", text)).file);
  return text.slice(0, span.start) + added + text.slice(span.end);
}

test.each([
  ["between others", ['import "std/bert"', 'import "std/lora"', ""], 1],
  ["behind all", ['import "./mine"', 'import "specs/medct"', ""], 2],
  ["before all", ["# What this is.", 'import "std/lora"', ""], 1],
  ["behind a comment that belongs to another", ['import "std/bert"  # texts', 'import "std/lora"', ""], 1],
])("an import is added %s", (_, lines, at) => {
  const expected = lines.toSpliced(at, 0, 'import "std/linear"');
  expect(withImport(lines.join("\n"))).toBe(expected.join("\n"));
  expect(withImport(lines.join("\r\n"))).toBe(expected.join("\r\n"));
});

test("a file without imports gets one before what it declares", () => {
  expect(withImport("# Mine.\nmodel m {\n}\n")).toBe('# Mine.\nimport "std/linear"\n\nmodel m {\n}\n');
  expect(withImport("")).toBe('import "std/linear"\n\n');
});
