import fc from "fast-check";
import { expect, test } from "vitest";
import { lineChanges } from "../../runtime/play/page/line-changes.ts";

test("changes give both texts back, and what is the same in them is as much as it can be", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const changes = lineChanges(before, after);
      const without = (kind: string): string =>
        changes.flatMap((each) => (each.kind === kind ? [] : [each.text])).join("\n");
      expect(without("added")).toBe(before);
      expect(without("removed")).toBe(after);
      const same = changes.filter(({ kind }) => kind === "same").length;
      expect(same).toBe(longestCommon(before.split("\n"), after.split("\n")));
    }),
  );
});

test("one changed line is one that goes and one that comes", () => {
  expect(lineChanges("a\nrank = 8\nb", "a\nrank = 16\nb")).toEqual([
    { kind: "same", text: "a" },
    { kind: "removed", text: "rank = 8" },
    { kind: "added", text: "rank = 16" },
    { kind: "same", text: "b" },
  ]);
});

test("texts of many other lines are compared at once", () => {
  const lines = (word: string): string => Array.from({ length: 30_000 }, (_, at) => `${word} ${at}`).join("\n");
  expect(lineChanges(lines("a"), lines("b"))).toHaveLength(60_000);
});

/** By trying everything. */
function longestCommon(one: readonly string[], other: readonly string[]): number {
  const known = new Map<string, number>();
  const from = (a: number, b: number): number => {
    const key = `${a} ${b}`;
    const found = known.get(key);
    if (found !== undefined || a === one.length || b === other.length) return found ?? 0;
    const length = one[a] === other[b] ? 1 + from(a + 1, b + 1) : Math.max(from(a + 1, b), from(a, b + 1));
    known.set(key, length);
    return length;
  };
  return from(0, 0);
}
