import { expect, test } from "vitest";
import { renderDiagnostics, report } from "../../grammar/diagnostics/index.ts";
import { createSource } from "../../grammar/source.ts";

function shown(text: string, start: number, end: number, colour = false): readonly string[] {
  const span = { source: createSource("a.vlm", text), start, end };
  return renderDiagnostics([report("unknown-type", span, { name: "x" }, { help: null })], { colour }).split("\n");
}

test("carets stand under what is meant: after tabs, under wide characters, and at the end of a line", () => {
  expect(shown("\tab cd", 4, 6).slice(3, 5)).toEqual(["1 |     ab cd", "  |        ^^"]);
  expect(shown('"日本" x', 1, 3).slice(3, 5)).toEqual(['1 | "日本" x', "  |  ^^^^"]);
  expect(shown("ab\ncd", 2, 2).slice(3, 5)).toEqual(["1 | ab", "  |   ^"]);
});

test("a span of several lines is marked on its first", () => {
  expect(shown("ab cd\nef", 3, 8).slice(3, 5)).toEqual(["1 | ab cd", "  |    ^^"]);
});

test("a long line is cut around the mark", () => {
  const [, , , line = "", carets = ""] = shown(`${"x".repeat(5000)}y${"z".repeat(5000)}`, 5000, 5001);
  expect(line.length).toBeLessThan(160);
  expect(line[carets.indexOf("^")]).toBe("y");
});

test("a text cannot send anything to the terminal", () => {
  const source = createSource("\u001b]0;title\u0007.vlm", "\u001b[31m\u202e");
  const diagnostic = report("unknown-type", { source, start: 0, end: 5 }, { name: "\u001b[2J" });
  for (const line of renderDiagnostics([diagnostic], { colour: false }).split("\n")) {
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});

test("colours are there when they are asked for, and change no text", () => {
  const plain = shown("ab cd", 3, 5).join("\n");
  const coloured = shown("ab cd", 3, 5, true).join("\n");
  expect(coloured).not.toBe(plain);
  expect(coloured.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g"), "")).toBe(plain);
});

test("a diagnostic without a place shows its file, and notes and help follow", () => {
  const diagnostic = report("file-not-found", "a.vlm", { path: "a.vlm" }, { notes: ["a note"], help: "some help" });
  expect(renderDiagnostics([diagnostic], { colour: false })).toBe(
    "error[E201]: there is no file `a.vlm`\n --> a.vlm\n  = note: a note\n  = help: some help\n",
  );
});
