import fc from "fast-check";
import type * as ast from "../../grammar/ast.ts";
import { createSource, type Span } from "../../grammar/source.ts";

/** Trees that are made and not parsed point nowhere. */
export const span: Span = { source: createSource("made", ""), start: 0, end: 0 };

export const identifier = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,6}$/)
  .map((text) => `${text}_`)
  .map((text): ast.Name => ({ text, span }));
export const word = fc.oneof(
  identifier,
  fc.constantFrom("loss", "train", "in", "forward", "as", "data", "none").map((text): ast.Name => ({ text, span })),
);
export const text = fc
  .string({ unit: fc.constantFrom("a", "b", " ", '"', "\\", "\n", "\t", "(", "#", "é", "日", "{") })
  .map((value): ast.StringText => ({ value, span }));

export const number = fc
  .constantFrom("0", "3", "12", "1_671_168", "0.5", "1e-4", "2.5e10", "1.67M", "38%", "64KB", "8K")
  .map((literal): ast.NumberLiteral => ({ kind: "number", text: literal, value: expectedValue(literal), span }));

/** Values that the tests spell out, so that the parser's own are checked too. */
function expectedValue(literal: string): number {
  const values: Readonly<Record<string, number>> = {
    "1_671_168": 1671168,
    "1.67M": 1670000,
    "38%": 0.38,
    "64KB": 65536,
    "8K": 8000,
  };
  return values[literal] ?? Number(literal);
}
