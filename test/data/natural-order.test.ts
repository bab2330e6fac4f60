import fc from "fast-check";
import { expect, test } from "vitest";
import { compareNaturally } from "../../runtime/data/natural-order.ts";

test("numbers in names are ordered by their values", () => {
  const ordered = ["", "1", "2", "10", "a", "a1", "a1_b", "a2", "a02", "a10", "b"];
  expect(ordered.toReversed().toSorted(compareNaturally)).toEqual([
    "",
    "1",
    "2",
    "10",
    "a",
    "a1",
    "a1_b",
    "a02",
    "a2",
    "a10",
    "b",
  ]);
});

test("numbers beyond 2^53 are ordered exactly", () => {
  expect(compareNaturally("a9007199254740993", "a9007199254740992")).toBeGreaterThan(0);
});

test("any names have one order: equal only to themselves, the same both ways, and sorted whatever came first", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "B", "_", "0", "1", "9", "é") });
  fc.assert(
    fc.property(fc.array(name, { maxLength: 12 }), fc.nat(), (names, turn) => {
      const at = turn % (names.length + 1);
      const sorted = names.toSorted(compareNaturally);
      expect([...names.slice(at), ...names.slice(0, at)].toSorted(compareNaturally)).toEqual(sorted);
      for (const a of names) {
        for (const b of names) {
          expect(compareNaturally(a, b) === 0).toBe(a === b);
          expect(Math.sign(compareNaturally(a, b)) + Math.sign(compareNaturally(b, a))).toBe(0);
        }
      }
    }),
    { seed: 1 },
  );
});
