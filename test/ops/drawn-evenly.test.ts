import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { drawnEvenly } from "../../compiler/ops/index.ts";

const numbers = v.array(v.number());
const drawn = { count: v.number(), limit: v.number(), seed: v.number(), first: numbers, last: numbers };

/** What NumPy gave. */
const cases = v.parse(
  v.array(v.object({ ...drawn, sum: v.number() })),
  JSON.parse(readFileSync("test/fixtures/even-draws/draws.json", "utf8")),
);

describe("numbers are spread evenly as NumPy spreads them", () => {
  test.each(cases)("$count below $limit with the seed $seed", ({ count, limit, seed, first, last, sum }) => {
    const found = drawnEvenly({ op: "drawn_evenly", count, limit, seed });
    expect([...found.slice(0, 6)]).toEqual(first);
    expect([...found.slice(-3)]).toEqual(last);
    expect(found.reduce((total, number, place) => total + number * (place + 1), 0)).toBe(sum);
  });

  test("each number is there as often as another, or once more", () => {
    const times = new Array<number>(7).fill(0);
    for (const number of drawnEvenly({ op: "drawn_evenly", count: 30, limit: 7, seed: 3 }))
      times[number] = (times[number] ?? Number.NaN) + 1;
    expect(times.toSorted()).toEqual([4, 4, 4, 4, 4, 5, 5]);
  });
});
